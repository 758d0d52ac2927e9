"""What stands for SIGKILL in tests of what is on disk when a run is killed."""

from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the program catches it."""


def counted(real: Callable[..., Any], calls: list[str], last: int) -> Callable[..., Any]:
    """`real`, whose call numbered `last` (from 1; 0: none) is the last thing that happens.

    `calls` gets the first argument of each; several that share it are counted together.
    """

    def write(*arguments: Any, **options: Any) -> Any:
        done = real(*arguments, **options)
        calls.append(str(arguments[0]))
        if len(calls) == last:
            raise Killed
        return done

    return write
