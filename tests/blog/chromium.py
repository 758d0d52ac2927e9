"""Pages in a real browser: what they show once their own scripts have run, and what else ran.

One start of the browser looks at many pages: a page of ours shows one after the other in a frame
and tells the server, on 127.0.0.1 as well, what was in them.
"""

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_SECONDS = 60
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    # No test asks anybody but this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def chromium() -> str:
    """The browser's program, or the test is skipped."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("needs Chromium, to see what pages show and run")
    return found


@dataclass(frozen=True)
class Seen:
    """One page after its scripts have run, all that folds unfolded."""

    marks: Mapping[str, str]  # data-* of the root element: "mounted", and what a payload leaves
    title: str  # of the first heading
    text: str  # as it is visible in the main part
    schemes: tuple[str, ...]  # of its links: "https:"
    handlers: tuple[str, ...]  # names of attributes that run something
    pictures: tuple[tuple[str, int], ...]  # their text, and how many pixels wide they are


def dom(url: str, folder: Path) -> str:
    """The page's document as HTML, after its scripts have run."""
    done = subprocess.run(
        [
            chromium(),
            *_OPTIONS,
            f"--user-data-dir={folder}",
            "--virtual-time-budget=4000",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def look(site: Path, pages: Sequence[str], folder: Path) -> dict[str, Seen]:
    """What the browser sees of the pages of a site, by their paths without ".html"."""
    program = chromium()
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    guide = _GUIDE.replace("PAGES", json.dumps(list(pages)))
    handler = partial(_Handler, directory=str(site), guide=guide, told=told)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with subprocess.Popen(
            [
                program,
                *_OPTIONS,
                f"--user-data-dir={folder}",
                f"http://127.0.0.1:{server.server_port}/guide",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as browser:
            try:
                answer = told.get(timeout=_SECONDS)
            except queue.Empty:
                pytest.fail(f"the browser has told nothing in {_SECONDS} s")
            finally:
                browser.terminate()
                server.shutdown()
    return {name: _seen(facts) for name, facts in json.loads(answer).items()}


def _seen(facts: Mapping[str, object]) -> Seen:
    return Seen(**{key: _frozen(value) for key, value in facts.items()})  # type: ignore[arg-type]  # the page's own names


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


class _Handler(SimpleHTTPRequestHandler):
    """Serves a built site, /posts/x from posts/x.html, and takes what the guide tells."""

    def __init__(
        self, *args: object, directory: str, guide: str, told: "queue.SimpleQueue[str]"
    ) -> None:
        self._guide = guide
        self._told = told
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]  # as the server calls it

    def do_GET(self) -> None:
        if self.path == "/guide":
            body = self._guide.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        if Path(self.translate_path(f"{self.path}.html")).is_file():
            self.path += ".html"
        super().do_GET()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self._told.put(self.rfile.read(length).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


# Payloads are given a moment, and the links of a page a click, before it is read. A page that
# does not say that it is mounted is waited for, and then read as it is.
_GUIDE = """<!doctype html>
<meta charset="utf-8">
<body>
<script>
const wait = (ms) => new Promise((done) => setTimeout(done, ms))
const read = async (path) => {
  const frame = document.createElement('iframe')
  frame.width = 1200
  frame.height = 800
  const loaded = new Promise((done) => (frame.onload = done))
  frame.src = '/' + path
  document.body.append(frame)
  await Promise.race([loaded, wait(5000)])
  const page = frame.contentDocument
  for (let n = 0; n < 50 && !page.documentElement.dataset.mounted; n++) await wait(20)
  await wait(30)
  for (const folded of page.querySelectorAll('details')) folded.open = true
  const main = page.querySelector('main') || page.body
  const links = [...page.links]
  const all = [...page.querySelectorAll('*')]
  const seen = {
    title: page.querySelector('h1')?.innerText ?? '',
    text: main.innerText,
    schemes: [...new Set(links.map((link) => link.protocol))].sort(),
    handlers: all.flatMap((one) => one.getAttributeNames()).filter((x) => /^(on|@|:)/.test(x)),
    pictures: [...page.images].map((one) => [one.alt, one.naturalWidth]),
  }
  for (const link of links) if (!/^(https?|mailto):/.test(link.protocol)) link.click()
  await wait(20)
  seen.marks = { ...page.documentElement.dataset }
  frame.remove()
  return seen
}
const tell = async () => {
  const seen = {}
  for (const path of PAGES) seen[path] = await read(path)
  await fetch('/told', { method: 'POST', body: JSON.stringify(seen) })
}
tell()
</script>
"""
