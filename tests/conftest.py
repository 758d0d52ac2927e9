"""What holds for every test."""

import os

from hypothesis import settings

# A slow machine is not a wrong program: laws are judged by their results, not by the clock. Where
# a change is judged they are tried on the same examples each time; everywhere else on new ones.
settings.register_profile("laws", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("laws")
