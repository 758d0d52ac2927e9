"""A local server that speaks the OpenAI chat protocol, well or as badly as a test asks.

`fake(english, terms)` is a deterministic stand-in for a translation: Chinese characters that keep
numbers, names, common words, identifiers and terms, so that it passes every check and is wrong
anywhere else.
"""

import hashlib
import json
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from translate import concepts, numerals

_HAN = (
    "我们今天在这里讨论如何让新的系统更快更稳社区成员共同推进这项工作并且希望大家参与进来"
    "因为它能够帮助开发者解决实际问题同时保持简单清晰易于理解和维护所以非常值得尝试"
)
_KEPT = re.compile(
    r"https?://\S*[\w/]|`[^`]+`|--\w[\w-]*|[A-Za-z_][\w]*(?:[._][A-Za-z_]\w*)+(?:\(\))?"
    r"|[A-Z][a-z]+(?:[A-Z][a-z]*)+|[A-Z]+\d[\w-]*|\d[\d,.]*\d|\d|^(?:m|b)illion$"
)


def fake(english: str, terms: Sequence[str] = ()) -> str:
    """A text that all checks take for the Chinese of `english`, and of nothing else."""
    out = []
    for i, word in enumerate(english.split()):
        kept = _KEPT.findall(word)
        if kept:
            out.append(f" {' '.join(kept)} ")
            continue
        said = [concepts.TABLE[stem][0] for stem in sorted(concepts.english(word))[:1]]
        said += [f" {n:f} " for n in numerals.english(word).small]
        if said:
            out += said
            continue
        seed = hashlib.sha256(f"{english}|{i}".encode()).digest()
        out.append(_HAN[seed[0] % len(_HAN)] + (_HAN[seed[1] % len(_HAN)] if seed[2] % 2 else ""))
    return re.sub(" +", " ", "".join(out)).strip() + "".join(terms) + "。"


def targets_of(line: str) -> list[str]:
    """The Chinese that a line of the term table asks for."""
    found = re.search(r": (?:always|preferably) ([^;]+)", line)
    return [found[1].split(" or ")[0]] if found else []


@dataclass(frozen=True)
class Call:
    """One request as the server saw it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def message(self) -> dict[str, Any]:
        return dict(json.loads(self.body["messages"][1]["content"]))

    @property
    def ids(self) -> list[str]:
        return [p["id"] for p in self.message["translate"]]


@dataclass(frozen=True)
class Reply:
    """One response: a completion unless `status` says otherwise."""

    content: str = ""
    finish: str = "stop"
    status: int = 200
    error: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None  # the body as it is, JSON or not
    cut: bool = False  # close in the middle of the body
    wait: threading.Event | None = None  # answer only when it is set


Behaviour = Callable[[Call], Reply]


def plain(call: Call) -> Reply:
    """The right answer of a translation model: the text after the last empty line, and its terms
    in the first of the Chinese that a line before names."""
    before, _, english = call.body["messages"][-1]["content"].rpartition("\n\n")
    rows = re.findall(r"^(.+) 翻译成 (.+)$", before, re.MULTILINE)
    return Reply(fake(english, [target for source, target in rows if source != target]))


def right(call: Call) -> dict[str, str]:
    """The right answer by id."""
    lines = call.message.get("terms", [])
    out = {}
    for p in call.message["translate"]:
        hits = [t for line in lines if line.split(":")[0] in p["en"] for t in targets_of(line)]
        out[p["id"]] = fake(p["en"], hits)
    return out


def as_json(texts: dict[str, str]) -> str:
    return json.dumps(
        {"paragraphs": [{"id": k, "zh": v} for k, v in texts.items()]}, ensure_ascii=False
    )


def good(call: Call) -> Reply:
    return Reply(as_json(right(call)))


def _handler(  # noqa: C901 - a class of small methods, not one function
    outer: "ChatServer",
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = {"data": [{"id": name} for name in outer.models]}
            self.send(Reply(raw=json.dumps(body).encode()))

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            headers = {k.lower(): v for k, v in self.headers.items()}
            call = Call(self.path, headers, json.loads(raw))
            with outer.lock:
                behaviour = outer.script[min(len(outer.calls), len(outer.script) - 1)]
                outer.calls.append(call)
            self.send(behaviour(call))

        def send(self, reply: Reply) -> None:
            if reply.wait is not None:
                reply.wait.wait(20)
            payload = reply.raw if reply.raw is not None else outer.payload(reply)
            self.send_response(reply.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.cut:
                payload = payload[: len(payload) // 2]
            self.wfile.write(payload)
            if reply.cut:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Tests read `calls`."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True  # the client gave up: that is what is tested

    return Handler


class ChatServer:
    """Answers with `script` one by one, then with its last behaviour for ever."""

    def __init__(self, *script: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.script = list(script) or [good]
        self.calls: list[Call] = []
        self.models = ["test-model"]
        self.lock = threading.Lock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        self.scheme = "https" if tls else "http"
        if tls is not None:
            self.http.handle_error = lambda *_: None  # type: ignore[method-assign]
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)

    @staticmethod
    def payload(reply: Reply) -> bytes:
        if reply.error is not None:
            return json.dumps({"error": reply.error}).encode()
        choice = {
            "index": 0,
            "finish_reason": reply.finish,
            "message": {"role": "assistant", "content": reply.content},
        }
        usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        body = {"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage}
        return json.dumps(body).encode()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.http.server_address[1]}/v1"


@contextmanager
def serving(*script: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[ChatServer]:
    server = ChatServer(*script, tls=tls)
    server.thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        server.thread.join()
