"""see-the-world: an English conference talk in, a bilingual EN→ZH Markdown draft out."""

__version__ = "0.1.0"
