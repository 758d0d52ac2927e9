"""Everything this program can tell a user went wrong.

Knows messages, hints and exit codes; knows nothing of who raises them. Caught once, in `cli.py`.

| code | meaning                                                            |
|------|--------------------------------------------------------------------|
| 0    | done                                                               |
| 1    | a defect of this program                                           |
| 2    | the command line is wrong (Typer's own code), or a setting         |
| 3    | an input cannot be used: a file, a talk, a term base               |
| 4    | the network, a site or a server refused                            |
| 5    | something is missing on this machine: a model, a package, disk     |
| 6    | a file was edited by hand and its sources changed: a person decides |
| 7    | another run holds this talk                                        |
| 8    | done, but with problems that an editor must look at (see report.md) |
| 130  | interrupted; the next run continues                                |
"""

EXIT_PROBLEMS = 8
EXIT_INTERRUPTED = 130


class StwError(Exception):
    """What happened (`message`), and the next thing to try (`hint`, may be empty)."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def code(self) -> str:
        """A stable name for programs that read `--json`: `BadFileError` → `bad-file`."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class SettingsError(StwError):
    """A key or value in stw.toml, the environment or an option that cannot be used."""

    exit_code = 2


class InputError(StwError):
    """An input that cannot be used as it is."""

    exit_code = 3


class BadFileError(InputError):
    """A file whose content is not what its name promises; the message names file and place."""


class TalkNotFoundError(InputError):
    """No talk, or more than one, answers to the name."""


class MediaError(InputError):
    """A media file without usable audio: not media, no audio stream, empty, cut off."""


class LanguageError(InputError):
    """The talk is not in English."""


class NetworkError(StwError):
    """A site, a server or the way there refused."""

    exit_code = 4


class DownloadError(NetworkError):
    """The page or the media could not be had."""


class TranslatorError(NetworkError):
    """The translation server cannot be used at all (key, model name, address)."""


class MissingError(StwError):
    """Something this machine lacks: a package, a model, disk space, a device."""

    exit_code = 5


class ConflictError(StwError):
    """A file was edited by hand and what it was made from has changed since."""

    exit_code = 6


class LockedError(StwError):
    """Another run is working on this talk."""

    exit_code = 7


class UnfinishedError(StwError):
    """A draft with open ends was to be published."""

    exit_code = EXIT_PROBLEMS
