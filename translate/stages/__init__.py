"""The stages: plain functions over the nouns, without file names, settings or each other."""
