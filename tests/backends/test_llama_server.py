"""The protocol against a server that this project did not write: llama.cpp's, from Python.

Optional, for the package has to be compiled (eight minutes on two slow cores):
`pip install 'llama-cpp-python[server]' gguf`. The model is made here and knows nothing, which is
what it is good for: whatever it says is held to the schema, and none of it may be published.
"""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny_gguf
from tests.stages.test_translate import Book, no_terms, paragraphs
from translate.backends import presets, prompting
from translate.backends.chat import Chat
from translate.backends.presets import Preset
from translate.model import Card, Request, Unit
from translate.stages.translate import translate

for package in ("llama_cpp.server.app", "gguf"):
    pytest.importorskip(package, reason="llama-cpp-python[server] and gguf are not installed")

pytestmark = pytest.mark.slow
REQUEST = Request(
    units=(
        Unit(id="p0001", english="In 2023 PyTorch 2.0 came out and made everything faster."),
        Unit(id="p0002", english="We call torch.compile and then we wait for 40 seconds."),
    ),
    card=Card(title="A talk"),
)


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preset]:
    folder = tmp_path_factory.mktemp("llama")
    model = tiny_gguf.write(folder / "tiny.gguf")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", "8192", "--n_threads", "1"]
    base = f"http://127.0.0.1:{port}/v1"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(base, server, folder / "log")
            yield Preset(
                name="llama", title="llama.cpp", base_url=base, model="tiny", temperature=0.2
            )
        finally:
            server.terminate()
            server.wait(20)


def _wait(base: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{base}/models", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_it_is_found_with_its_model(preset: Preset) -> None:
    [found] = presets.find_local(5, (replace(preset, model=""),))
    assert found.model.endswith("tiny.gguf")


def test_the_answer_is_held_to_the_schema_and_its_tokens_are_counted(preset: Preset) -> None:
    client = Chat(preset, {}, sleep=lambda _: None)
    client.translate(REQUEST)
    learnt = client._manners
    assert learnt.answer_format == "object+schema"  # it has a schema, under its own name
    body = client._post(client._call(REQUEST, learnt), learnt)
    choice = body["choices"][0]
    assert choice["finish_reason"] == "stop"
    answer = json.loads(choice["message"]["content"])
    assert list(answer) == ["paragraphs"]
    assert answer["paragraphs"]
    assert all(set(entry) == {"id", "zh"} for entry in answer["paragraphs"])
    usage = client.translate(REQUEST).usage
    # A token a byte, three a space: the whole message, and what the template puts around it.
    said = "".join(m["content"] for m in prompting.messages(REQUEST, "chat"))
    sent = len(said.encode()) + 2 * said.count(" ")
    assert sent < usage.prompt_tokens < sent + 60
    assert usage.completion_tokens == pytest.approx(len(choice["message"]["content"]), abs=40)
    assert usage.calls == 1


def test_the_token_limit_is_kept_and_told(preset: Preset) -> None:
    client = Chat(replace(preset, profile="mt"), {}, sleep=lambda _: None)
    one = replace(REQUEST, units=REQUEST.units[:1])
    answer = client.translate(one)
    assert answer.finish == "length"  # nothing makes it stop without a grammar
    assert answer.usage.completion_tokens == prompting.room(one)


@pytest.mark.parametrize("profile", ["chat", "mt"])
def test_nothing_it_says_is_published(preset: Preset, profile: presets.Profile) -> None:
    client = Chat(replace(preset, profile=profile), {}, sleep=lambda _: None)
    book = Book()
    outcome = translate(paragraphs(2), no_terms, client, book)
    assert [t.chinese for t in outcome.translations] == ["", ""]
    assert all(t.missing for t in outcome.translations)
    assert outcome.stopped is None
    assert not book
