"""Translations from any server that speaks the OpenAI chat protocol.

Asks what `prompting` words and has it read the answers. Knows HTTP errors, what servers refuse and
how they say so; knows neither the checks nor the talk folder. The key comes from the environment,
goes into one header to one host, and stands nowhere else: not in the engine, a repr, a message or
a log. Redirects are not followed, so that it cannot leave.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, NoReturn
from urllib.parse import urlsplit

from translate.backends import prompting
from translate.backends.presets import Preset
from translate.errors import NetworkError, SettingsError, TranslatorError
from translate.model import Answer, Brief, Card, Engine, Request, Usage

if TYPE_CHECKING:
    import openai

_TIMEOUT = 180.0  # seconds without a byte
_LONGEST_WAIT = 120.0  # seconds; a server that asks for more is given up for now
_BRIEF_TOKENS = 3000
_NO_KEY = "none"  # local servers want some key; the client would else take one from elsewhere


def engine(preset: Preset) -> Engine:
    """What `Chat(preset).engine` is, without building the client."""
    parameters = {"server": preset.name}
    if preset.temperature is not None:
        parameters["temperature"] = f"{preset.temperature:g}"
    if preset.body:
        parameters["body"] = json.dumps(preset.body, sort_keys=True)
    version = prompting.prompt_version(preset.profile)
    return Engine(name="chat", model=preset.model, version=version, parameters=parameters)


@dataclass(frozen=True, slots=True)
class _Manners:
    """What a server takes. Every change leaves something out, so that there is an end to them."""

    answer_format: Literal["schema", "object+schema", "object", "text"] = "schema"
    limit: Literal["max_tokens", "max_completion_tokens", ""] = "max_tokens"
    temperature: bool = True


class Chat:
    """A `Translator` over one server.

    Retryable failures (429, 5xx, timeouts, cut connections) are tried `attempts` times with
    growing pauses, or the server's own `Retry-After`; then `NetworkError`. What asking again
    cannot mend (400, 401, 402, 403, 404, redirects, certificates) is a `TranslatorError` at once.

    May be asked from several threads at once. What one call found out about the server is known to
    all once the server has answered it, and when it says that it is asked too often, all wait.
    """

    by_person = False

    def __init__(
        self,
        preset: Preset,
        environ: Mapping[str, str],
        *,
        timeout: float = _TIMEOUT,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises SettingsError when the address is none, or the key is missing or would leak."""
        self._preset = preset
        self._key = _key(preset, environ)
        self._timeout = timeout
        self._attempts = attempts
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._answered = 0  # calls
        self._silent_until = 0.0  # on `clock`: nobody asks before, for the server said so
        self._manners = _Manners(
            answer_format="schema" if preset.profile == "chat" else "text",
            temperature=preset.temperature is not None,
        )
        self.batch_words = prompting.BATCH_WORDS[preset.profile]
        self.engine = engine(preset)

    def __repr__(self) -> str:
        return f"Chat({self._preset.name}, {self._preset.model}, {_host(self._preset.base_url)})"

    def estimate(self, request: Request) -> Usage:
        """About what one answer takes, from the lengths of the texts: no tokeniser is asked."""
        sent, received = prompting.estimate(request, self._preset.profile)
        usage = self._usage({"prompt_tokens": sent, "completion_tokens": received})
        return replace(usage, calls=len(prompting.calls(request, self._preset.profile)))

    def translate(self, request: Request) -> Answer:
        """Ask once (and again only where nothing was answered); the texts are not checked."""
        asked = prompting.calls(request, self._preset.profile)
        return prompting.together([self._translate(one) for one in asked])

    def _translate(self, request: Request) -> Answer:
        known = manners = self._manners
        while True:
            try:
                body = self._post(self._call(request, manners), manners)
            except _Refused as refused:
                return Answer(finish=refused.finish, note=refused.note)
            except _Adapt as adapt:
                manners = adapt.manners
                continue
            if manners != known:  # only what was answered is known to be right
                self._manners = manners
            return self._read(body, request)

    def brief(self, card: Card, english: str) -> Brief:
        """A summary and terms; or why the answer, which was paid for, holds neither."""
        manners = self._manners
        while True:
            call: dict[str, Any] = {
                "model": self._preset.model,
                "messages": prompting.brief_messages(card, english),
                "extra_body": dict(self._preset.body),
            }
            if manners.limit:
                call[manners.limit] = _BRIEF_TOKENS
            try:
                body = self._post(call, manners)
                break
            except _Adapt as adapt:
                manners = adapt.manners
            except _Refused as refused:
                raise TranslatorError(f"{self._who()}: {refused.note}") from None
        found = prompting.read_brief(_content(_said_in(body)[1]))
        if found is None:
            found = Brief(missing=f"{self._who()} has not answered with a brief")
        return replace(found, usage=self._usage(body.get("usage")))

    # --- asking ---

    def _post(self, call: Mapping[str, Any], manners: _Manners) -> Mapping[str, Any]:
        """One answer of the server, as JSON; waits and tries again where that can help."""
        import openai

        attempt = 0
        while attempt < self._attempts:
            self._wait_for_all()
            too_often, answered = False, self._answered
            try:
                with self._connect() as client:
                    ask = client.chat.completions.with_raw_response.create
                    content = ask(**call).content
                self._answered += 1
                return self._json(content)
            except openai.APIStatusError as error:
                wait = self._on_status(error, manners)
                too_often = error.status_code == 429
                problem = f"{self._who()} answered {error.status_code}{_detail(error, self._key)}"
            except openai.APITimeoutError:
                wait = None
                problem = f"{self._who()} did not answer within {self._timeout:g} s"
            except openai.APIConnectionError as error:
                self._on_connection(error)
                wait = None
                problem = f"{self._who()} could not be reached, or broke off"
            # While it answers others, being asked too often is no failure of this call.
            attempt += not (too_often and self._answered > answered)
            wait = min(2.0 ** (max(1, attempt) - 1), 30.0) if wait is None else wait
            if too_often:
                self._silence_all(wait)
            elif attempt < self._attempts:
                self._sleep(wait)
        raise NetworkError(
            f"{problem}, {self._attempts} times", "Run it again later: what is done is kept."
        )

    def _silence_all(self, seconds: float) -> None:
        with self._lock:
            self._silent_until = max(self._silent_until, self._clock() + seconds)

    def _wait_for_all(self) -> None:
        with self._lock:
            left = self._silent_until - self._clock()
        if left > 0:
            self._sleep(left)

    def _connect(self) -> "openai.OpenAI":
        """A client for one question: an open connection would outlive the run."""
        import openai

        client = openai.OpenAI(
            api_key=self._key or _NO_KEY,
            base_url=self._preset.base_url,
            max_retries=0,  # pauses are ours: they honour Retry-After and can be tested
            timeout=self._timeout,
            http_client=openai.DefaultHttpxClient(
                follow_redirects=False,
                trust_env=not self._preset.local,  # no proxy between this machine and itself
                timeout=self._timeout,
            ),
        )
        # Never what OPENAI_ORG_ID says: this may be another company's server.
        client.organization = client.project = None
        return client

    def _call(self, request: Request, manners: _Manners) -> dict[str, Any]:
        call: dict[str, Any] = {
            "model": self._preset.model,
            "messages": prompting.messages(request, self._preset.profile),
            "extra_body": dict(self._preset.body),
        }
        if manners.limit:
            call[manners.limit] = prompting.room(request)
        if manners.temperature:
            call["temperature"] = self._preset.temperature
        if manners.answer_format == "schema":
            call["response_format"] = {"type": "json_schema", "json_schema": prompting.SCHEMA}
        elif manners.answer_format == "object+schema":  # so llama.cpp's Python server takes it
            call["response_format"] = {"type": "json_object", "schema": prompting.SCHEMA["schema"]}
        elif manners.answer_format == "object":
            call["response_format"] = {"type": "json_object"}
        return call

    def _who(self) -> str:
        return f"{self._preset.title} ({_host(self._preset.base_url)})"

    # --- what went wrong ---

    def _on_status(self, error: "openai.APIStatusError", manners: _Manners) -> float | None:
        """Seconds to wait before trying again, None for the usual pause; else raises."""
        status, said = error.status_code, _said(error)
        if status in (400, 403, 422) and _FILTERED.search(said):
            raise _Refused("refused", "the server's content filter refused it")
        if status in (400, 422) and manners.limit and "tokens" in said:
            _adapt_limit(manners, said)
        if status in (400, 413, 422) and _TOO_LONG.search(said):
            raise _Refused("length", "the server takes no text of this length")
        if status in (400, 422) or (status in (500, 501) and _FORMAT.search(said)):
            _adapt(manners, said)
        if status == 429 and _NO_MONEY.search(said):
            self._fail(402, error)
        if status in (408, 409, 425, 429) or status >= 500:
            return self._retry_after(error)
        return self._fail(status, error)

    def _fail(self, status: int, error: "openai.APIStatusError") -> NoReturn:
        env = self._preset.key_env
        no_key = (
            "No key was sent: STW_API_KEY_ENV, or translate.api_key_env in stw.toml, names the"
            " environment variable that holds it."
        )
        hints = {
            401: f"Check the key in {env}." if env else no_key,
            402: "The account has no credit left: top it up, or choose another preset.",
            403: f"The key in {env} may not use this model or this region." if env else no_key,
            404: f"No model “{self._preset.model}”, or a wrong base URL: check both.",
        }
        hint = hints.get(status, "Check the model's name and the base URL.")
        what = f"answered {error.status_code}"
        if 300 <= status < 400:
            what = f"points to another address ({status})"
            hint = "Set the base URL to the address the server really has."
        raise TranslatorError(f"{self._who()} {what}{_detail(error, self._key)}", hint) from None

    def _retry_after(self, error: "openai.APIStatusError") -> float | None:
        header = error.response.headers.get("retry-after", "")
        seconds = _seconds(header)
        if seconds is not None and seconds > _LONGEST_WAIT:
            raise NetworkError(
                f"{self._who()} asks to wait {seconds:.0f} s",
                "Run it again then: what is done is kept.",
            ) from None
        return seconds

    def _on_connection(self, error: "openai.APIConnectionError") -> None:
        """A certificate that does not fit is no matter of waiting."""
        cause: BaseException | None = error
        while cause is not None:
            if "CERTIFICATE" in str(cause).upper():
                raise TranslatorError(
                    f"{self._who()} shows a certificate that is not trusted",
                    "Check the base URL, the clock, and the proxy's certificate.",
                ) from None
            cause = cause.__cause__ or cause.__context__

    # --- reading ---

    def _json(self, content: bytes) -> Mapping[str, Any]:
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("choices"), list):
            raise TranslatorError(
                f"{self._who()} does not answer like a chat server",
                "Check the base URL: it usually ends in /v1.",
            )
        return body

    def _read(self, body: Mapping[str, Any], request: Request) -> Answer:
        choice, said = _said_in(body)
        usage = self._usage(body.get("usage"))
        finish = choice.get("finish_reason")
        if said.get("refusal") or finish in ("content_filter", "sensitive"):
            return Answer(usage=usage, finish="refused", note="the server refused to translate it")
        return prompting.read(_content(said), finish, usage, request, self._preset.profile)

    def _usage(self, usage: object) -> Usage:
        known = usage if isinstance(usage, dict) else {}
        counts = [known.get(k) for k in ("prompt_tokens", "completion_tokens")]
        sent, received = (c if isinstance(c, int) and c >= 0 else 0 for c in counts)
        price = self._preset.price
        if price is None or None in counts:
            return Usage(calls=1, prompt_tokens=sent, completion_tokens=received)
        cost = (sent * price.input + received * price.output) / 1_000_000
        return Usage(
            calls=1,
            prompt_tokens=sent,
            completion_tokens=received,
            cost=cost,
            currency=price.currency,
        )


def _said_in(body: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The first choice of an answer, and its message; empty where they are none."""
    choice = next(iter(body["choices"]), None)
    choice = choice if isinstance(choice, dict) else {}
    said = choice.get("message")
    return choice, said if isinstance(said, dict) else {}


def _content(said: Mapping[str, Any]) -> str:
    content = said.get("content")
    return content if isinstance(content, str) else ""


class _Adapt(Exception):  # noqa: N818 - not an error: the call is made again in another form
    def __init__(self, manners: _Manners) -> None:
        super().__init__(manners)
        self.manners = manners


class _Refused(Exception):  # noqa: N818 - not an error: an answer without texts
    def __init__(self, finish: Literal["length", "refused"], note: str) -> None:
        super().__init__(note)
        self.finish: Literal["length", "refused"] = finish
        self.note = note


def _adapt(now: _Manners, said: str) -> None:
    """Leave out what the server does not know, one thing at a time; raises `_Adapt`."""
    if now.temperature and "temperature" in said:
        raise _Adapt(replace(now, temperature=False))
    if now.answer_format == "schema":
        raise _Adapt(replace(now, answer_format="object+schema"))
    if now.answer_format == "object+schema":
        raise _Adapt(replace(now, answer_format="object"))
    if now.answer_format == "object":
        raise _Adapt(replace(now, answer_format="text"))


def _adapt_limit(now: _Manners, said: str) -> None:
    """Newer models know the limit by another name; small ones may have no room for it."""
    if "max_completion_tokens" in said and now.limit == "max_tokens":
        raise _Adapt(replace(now, limit="max_completion_tokens"))
    if "max_tokens" in said or "max_completion_tokens" in said:
        raise _Adapt(replace(now, limit=""))


_FILTERED = re.compile(
    r"content.?filter|content.?policy|data.?inspection|content exists risk|inappropriate"
    r"|sensitive (content|word|info)|safety system",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context.?(length|window|size)|maximum context|too (long|large)|exceeds? the (max|limit)"
    r"|range of input length",
    re.IGNORECASE,
)
# llama.cpp's servers call a form of answer that they do not have an error of their own.
_FORMAT = re.compile(r"response_format|json_schema")
_NO_MONEY = re.compile(r"insufficient|quota|balance|billing|arrear|credit", re.IGNORECASE)


def _said(error: "openai.APIStatusError") -> str:
    return error.response.text[:2000]


def _detail(error: "openai.APIStatusError", key: str | None) -> str:
    """The server's own words, short and in one line; servers quote keys, so those are cut out."""
    body = error.body if isinstance(error.body, dict) else {}
    said = body.get("message") or body.get("detail") or ""
    text = " ".join("".join(c if c.isprintable() else " " for c in str(said)).split())
    if key:
        text = text.replace(key, "…")
    text = re.sub(r"\b[\w-]*(\*{2,}|sk-)[\w*-]*|\b[\w-]{24,}\b", "…", text)
    return f": {text[:160]}" if text else ""


def _seconds(header: str) -> float | None:
    """`Retry-After` in seconds or as a date; None when it is neither."""
    if re.fullmatch(r"\d{1,6}(\.\d+)?", header.strip()):
        return float(header)
    try:
        when = parsedate_to_datetime(header)
        return max(0.0, when.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _host(url: str) -> str:
    """Where a URL leads, without user, password, path and query."""
    parts = urlsplit(url)
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or '?'}{port}"


def _key(preset: Preset, environ: Mapping[str, str]) -> str:
    parts = urlsplit(preset.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise SettingsError(
            f"The base URL of {preset.name} is not an http(s) address",
            "It looks like https://api.example.com/v1, without a user or password.",
        )
    if not preset.model:
        raise SettingsError(
            f"{preset.title} needs the name of a model", "Name it with --chat-model."
        )
    if not preset.key_env:
        return ""
    key = environ.get(preset.key_env, "").strip()
    if not key:
        raise SettingsError(
            f"{preset.title} needs a key in the environment variable {preset.key_env}",
            f"export {preset.key_env}=…",
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise SettingsError(f"The key in {preset.key_env} has characters that no key has")
    if parts.scheme == "http" and not preset.local:
        raise SettingsError(
            f"The key in {preset.key_env} would travel unencrypted to {_host(preset.base_url)}",
            "Use https, or a preset without a key.",
        )
    return key
