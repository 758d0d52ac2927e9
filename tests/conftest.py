"""What holds for every test."""

from hypothesis import settings

# A slow machine is not a wrong program: laws are judged by their results, not by the clock.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")
