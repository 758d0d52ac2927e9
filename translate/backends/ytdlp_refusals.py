"""Why a download was refused, and the next thing to try: yt-dlp's words turned into errors.

Works on text alone. What yt-dlp says may hold colour codes, signed URLs and the proxy's password;
nothing of that leaves this module.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from translate.errors import DownloadError, InputError, MissingError, StwError
from translate.model import public_url

RUNTIME_COMMAND = 'pip install "yt-dlp[default,deno]"'
_UPDATE = 'pip install -U "yt-dlp[default,deno]"'
_COOKIES = "--cookies-from-browser firefox (a browser that is logged in), or --cookies FILE"


@dataclass(frozen=True, slots=True)
class _Rule:
    said: re.Pattern[str]
    error: type[StwError]
    what: str
    hint: str


def _rule(said: str, error: type[StwError], what: str, hint: str) -> _Rule:
    return _Rule(re.compile(said, re.IGNORECASE), error, what, hint)


# The first that matches; the narrow before the wide.
_RULES = (
    _rule(
        r"no space left on device|disk quota exceeded|\[errno 28\]",
        MissingError,
        "the disk is full",
        "free some space and run the same command again: the download goes on where it stopped",
    ),
    _rule(
        r"no supported javascript runtime|n challenge solving failed|signature solving failed",
        MissingError,
        "YouTube needs a JavaScript runtime and none was found",
        RUNTIME_COMMAND,
    ),
    _rule(
        r"not a bot|captcha challenge|anti-bot challenge|cloudflare",
        DownloadError,
        "the site asks for a proof that this is not a bot",
        f"pass the cookies of a browser in which the page plays: {_COOKIES}",
    ),
    _rule(
        r"failed to load cookies|could not find .* cookies|cookies database|like a netscape"
        r"|unsupported browser|could not copy .* cookie|failed to decrypt|http cookie",
        InputError,
        "the cookies cannot be read",
        "close the browser and try again, try another one, or export cookies.txt: --cookies FILE",
    ),
    _rule(
        r"confirm your age|age.restricted|inappropriate for some users",
        DownloadError,
        "the video is age-restricted",
        f"pass the cookies of a logged-in browser: {_COOKIES}",
    ),
    _rule(
        r"join this channel|members.only|available to this channel's members|premium members",
        DownloadError,
        "the video is for the channel's members only",
        f"if you are one, pass your cookies: {_COOKIES}",
    ),
    _rule(
        r"private video|video is private|granted access to this video",
        DownloadError,
        "the video is private",
        f"if you may watch it, pass your cookies: {_COOKIES}; or fetch a file you already have",
    ),
    _rule(
        r"geo.?restrict|not available (?:in|from) your (?:country|location|region)"
        r"|not made this video available in your country|blocked it in your country",
        DownloadError,
        "the video is not available from here",
        "use a proxy in a country where it is: --proxy URL",
    ),
    _rule(
        r"drm protected",
        DownloadError,
        "the video is copy-protected (DRM)",
        "it cannot be downloaded; ask the organisers for the recording",
    ),
    _rule(
        r"live event will begin|premieres in|is_upcoming|not currently live|live stream",
        DownloadError,
        "the talk has not been recorded yet, or is live now",
        "wait until the recording is up",
    ),
    _rule(
        r"video unavailable|has been removed|no longer available|account .* terminated"
        r"|http error 4(?:04|10)",
        DownloadError,
        "there is no such page or video (404)",
        "open the address in a browser and check it",
    ),
    _rule(
        r"rate.limit|http error 429|too many requests|try again later",
        DownloadError,
        "the site says: too many requests",
        "wait an hour, or pass cookies; --rate-limit slows the download down",
    ),
    _rule(
        r"http error 407|proxy authentication",
        DownloadError,
        "the proxy refuses",
        "check user and password in --proxy",
    ),
    _rule(
        r"http error 40[13]|forbidden|registered users|login (?:details|required)|sign in"
        r"|use --cookies",
        DownloadError,
        "the site refuses access (403)",
        f"pass cookies: {_COOKIES}; or bring yt-dlp up to date: {_UPDATE}",
    ),
    _rule(
        r"http error 5\d\d",
        DownloadError,
        "the site has a problem of its own",
        "try again in some minutes: the download goes on where it stopped",
    ),
    _rule(
        r"certificate.verify.failed|ssl: |sslerror|tls|unexpected_eof|wrong version number",
        DownloadError,
        "no secure connection (TLS)",
        "check this machine's clock and its certificates (pip install -U certifi), or the proxy",
    ),
    _rule(
        r"failed to resolve|getaddrinfo|name or service not known|nodename nor servname"
        r"|temporary failure in name resolution",
        DownloadError,
        "the host name is not known",
        "check the address and the network; behind a firewall: --proxy URL",
    ),
    _rule(
        r"proxyerror|unable to connect to proxy|socks",
        DownloadError,
        "the proxy cannot be reached",
        "check --proxy and the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)",
    ),
    _rule(
        r"connection refused|actively refused|no route to host|network is unreachable",
        DownloadError,
        "nobody answers at this address",
        "check the address and the network; behind a firewall: --proxy URL",
    ),
    _rule(
        r"timed out|timeout|connection (?:reset|aborted|broken)|remote end closed|incompleteread"
        r"|more expected|did not get any data|bytes read|piece of the stream",
        DownloadError,
        "the connection broke",
        "run the same command again: the download goes on where it stopped",
    ),
    _rule(
        r"unsupported url|no video formats found|requested format is not available"
        r"|no suitable extractor|no media found|is not a valid url",
        DownloadError,
        "no video was found in this page",
        f"give the address of the video itself, or a file; or bring yt-dlp up to date: {_UPDATE}",
    ),
    _rule(
        r"permission denied|read-only file system|unable to (?:open for writing|write data)",
        InputError,
        "the files cannot be written",
        "check the rights of the talk's folder",
    ),
)


def explain(said: str, url: str, *, secrets: Iterable[str] = ()) -> StwError:
    """The error for what yt-dlp said about `url`; its own words stay in the message, cleaned.

    `secrets` are texts that must not be shown wherever they stand (a proxy's password).
    """
    text = clean(said, secrets)
    where = public_url(url)
    for rule in _RULES:
        if rule.said.search(text):
            return rule.error(f"{where}: {rule.what} ({text})", rule.hint)
    return DownloadError(
        f"{where}: the download failed ({text})", f"bring yt-dlp up to date: {_UPDATE}"
    )


def needs_runtime(said: str) -> bool:
    """Whether yt-dlp's words are about the missing JavaScript runtime."""
    return bool(_RULES[1].said.search(said))


_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x1f\x7f]+")
_PREFIX = re.compile(r"^(?:\s*(?:ERROR|WARNING):)+\s*")
_REPORT = re.compile(
    r"[;.]?\s*(?:please report this issue on|Confirm you are on the latest version).*$"
    r"|\s*\(caused by .*$",
    re.DOTALL,
)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s'\"<>`]+")
_SIGNED_PATH = re.compile(r"(?i)/(?:expire|sig|signature|lsig|token|hdntl?|hdnea|policy)[/=~].*$")
_LONGEST = 400


def clean(said: str, secrets: Iterable[str] = ()) -> str:
    """yt-dlp's words on one line: no colours, no request to report, no secret part of a URL."""
    text = _PREFIX.sub("", _ESCAPES.sub(" ", said).strip())
    text = " ".join(_REPORT.sub("", text).split())
    text = _ADDRESS.sub(lambda match: _without_secrets(match.group()), text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _without_secrets(address: str) -> str:
    bare = address.rstrip(").,;:]")
    tail = address[len(bare) :]
    scheme, _, rest = bare.partition("://")
    if scheme.lower() not in ("http", "https"):
        host, slash, path = rest.partition("/")
        return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}{tail}"
    return _SIGNED_PATH.sub("/…", public_url(bare)) + tail


def proxy_secrets(proxy: str) -> tuple[str, ...]:
    """User and password of a proxy's URL, as they may turn up in messages."""
    try:
        parts = urlsplit(proxy)
    except ValueError:
        return (proxy,)
    if parts.password:
        return f"{parts.username}:{parts.password}", parts.password
    return (parts.username,) if parts.username else ()
