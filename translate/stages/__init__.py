"""The stages: plain functions over the nouns. They know no file names, no settings, not each other."""
