"""A media server on 127.0.0.1 that behaves as badly as a test asks for."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    range: str
    headers: dict[str, str]


@dataclass(slots=True)
class Resource:
    """What one path answers.

    `statuses` and `cuts` are used up, one a GET: an error status instead of the body; the number
    of bytes after which the connection is cut, or None.
    """

    body: bytes = b""
    kind: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    statuses: list[int] = field(default_factory=list)
    cuts: list[int | None] = field(default_factory=list)
    pause: float = 0.0  # seconds between blocks of 16 kB
    guard: Callable[[dict[str, str]], bool] | None = None  # False: 403


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that went away is no error here."""


class MediaServer:
    """`with MediaServer() as server:`; then `server.add(...)`, `server.url(...)`, `server.log`."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.log: list[Request] = []
        self._server = _Quiet(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> "MediaServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def add(self, path: str, body: bytes | str = b"", kind: str = "", **more: object) -> Resource:
        content = body.encode() if isinstance(body, str) else body
        resource = Resource(content, kind or _kind(path), **more)  # type: ignore[arg-type]  # fields of Resource
        self.resources[path] = resource
        return resource

    def requests(self, path: str, method: str = "GET") -> list[Request]:
        return [r for r in self.log if r.path == path and r.method == method]

    def _handler(self) -> type["_Handler"]:
        return type("Handler", (_Handler,), {"media": self})


class _Handler(BaseHTTPRequestHandler):
    media: MediaServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        headers = {k.lower(): v for k, v in self.headers.items()}
        self.media.log.append(Request(self.command, path, headers.get("range", ""), headers))
        resource = self.media.resources.get(path)
        if resource is None:
            self._empty(404)
        elif resource.guard and not resource.guard(headers):
            self._empty(403)
        elif body and resource.statuses:
            self._empty(resource.statuses.pop(0))
        elif resource.status != 200:
            self._empty(resource.status, resource.headers)
        else:
            self._send(resource, headers.get("range", ""), body)

    def _empty(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, resource: Resource, wanted: str, body: bool) -> None:
        data, total = resource.body, len(resource.body)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        first = int(match[1]) if match else 0
        if match and first >= total:
            self._empty(416, {"Content-Range": f"bytes */{total}"})
            return
        last = min(int(match[2]) if match and match[2] else total - 1, total - 1)
        self.send_response(206 if match else 200)
        if match:
            self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", resource.kind)
        self.send_header("Content-Length", str(last - first + 1))
        for name, value in resource.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self._body(data[first : last + 1], resource)

    def _body(self, data: bytes, resource: Resource) -> None:
        cut = resource.cuts.pop(0) if resource.cuts else None
        if cut is not None:
            data = data[:cut]
            self.close_connection = True
        try:
            for at in range(0, len(data), 16_384):
                self.wfile.write(data[at : at + 16_384])
                time.sleep(resource.pause)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


_KINDS = {
    "html": "text/html; charset=utf-8",
    "mp4": "video/mp4",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "ts": "video/mp2t",
    "m3u8": "application/vnd.apple.mpegurl",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "xml": "application/rss+xml",
}


def _kind(path: str) -> str:
    return _KINDS.get(path.rpartition(".")[2], "application/octet-stream")
