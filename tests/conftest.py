"""What holds for every test."""

import os

from hypothesis import settings

# A slow machine is not a wrong program: laws are judged by their results, not by the clock. Where
# a change is judged they are tried on the same examples each time; everywhere else on new ones.
# In CI the same examples every time, and a quarter as many: more of the same tell nothing new.
CI = "CI" in os.environ
settings.register_profile("laws", deadline=None, derandomize=CI, max_examples=25 if CI else 100)
settings.load_profile("laws")
