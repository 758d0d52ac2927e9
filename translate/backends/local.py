"""Translations by a language model in this process: for people with a GPU and no server.

Knows folders in Hugging Face's layout, how big a model on its hub is and under what licence, and
how to run one. Knows neither the checks nor the talk folder, and never downloads on its own:
`look_up` says what a download would be, `download` does it, `Local` only reads what lies here.

Weights are read from safetensors and code from nowhere, so a hostile model can answer nonsense
but not run. What a talk says cannot end its turn in the conversation: the model's own control
words are broken up in it.
"""

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translate.backends import prompting
from translate.backends.presets import Profile
from translate.errors import (
    BadFileError,
    MissingError,
    NetworkError,
    SettingsError,
    TranslatorError,
)
from translate.model import Answer, Engine, Request, Usage

if TYPE_CHECKING:
    import torch

# Weights, configuration, vocabulary, conversation: no pickles, no Python.
_WANTED = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")
_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_EXTRA = "pip install -c constraints.txt -e '.[local]'"


# --- what there is ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A model on the hub, to be shown to a person before anything is downloaded."""

    name: str  # "owner/model"
    revision: str  # the commit that `download` fetches
    licence: str  # as its card says; empty: it says nothing
    bytes: int  # of all files that are needed
    files: tuple[str, ...]


def look_up(name: str, *, endpoint: str | None = None) -> Listing:
    """What downloading a model would fetch; asks the hub, downloads nothing.

    Raises SettingsError where `name` is none, MissingError without the extra, NetworkError where
    the hub does not answer or does not show the model.
    """
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{name!r} is no model's name", "It looks like tencent/Hy-MT2-1.8B.")
    try:
        from huggingface_hub import HfApi
    except ImportError:
        raise _no_extra() from None
    try:
        found = HfApi(endpoint=endpoint).model_info(name, files_metadata=True, timeout=20)
    except Exception as error:  # noqa: BLE001 - its HTTP library, and so the errors, differ by version
        raise NetworkError(
            f"{name}: the model hub did not tell about it ({type(error).__name__})",
            "Check the name and the network; a model that lies here needs neither.",
        ) from None
    files = [f for f in found.siblings or () if any(Path(f.rfilename).match(p) for p in _WANTED)]
    licence = getattr(found.card_data, "license", None) or ""
    return Listing(
        name=name,
        revision=found.sha or "",
        licence=str(licence),
        bytes=sum(f.size or 0 for f in files),
        files=tuple(sorted(f.rfilename for f in files)),
    )


def download(listing: Listing) -> Path:
    """Fetch what `look_up` has shown, into the hub's own cache; what lies there is not fetched.

    Raises NetworkError where that fails; what has come so far is kept.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise _no_extra() from None
    try:
        path = snapshot_download(
            listing.name, revision=listing.revision, allow_patterns=list(listing.files)
        )
    except Exception as error:  # noqa: BLE001 - its HTTP library, and so the errors, differ by version
        raise NetworkError(
            f"{listing.name} could not be downloaded ({type(error).__name__})",
            "Run it again: what has come so far is kept.",
        ) from None
    return Path(path)


def find(model: str) -> Path:
    """The folder of a model: a folder, or a hub's name that was downloaded earlier.

    Raises MissingError where it is not on this machine; asks nobody.
    """
    folder = Path(model).expanduser()
    if (folder / "config.json").is_file():
        return folder
    if _NAME.fullmatch(model):
        try:
            from huggingface_hub import snapshot_download
        except ImportError:
            raise _no_extra() from None
        try:
            return Path(snapshot_download(model, local_files_only=True))
        except (OSError, ValueError):
            pass
    raise MissingError(
        f"The model {model!r} is not on this machine",
        "Name a folder with a config.json, or download the model first.",
    )


def _no_extra() -> MissingError:
    return MissingError("The packages for models in this process are not installed", _EXTRA)


# --- running it ---------------------------------------------------------------------------------


class Local:
    """A `Translator` over one model, loaded at the first question; one question at a time."""

    by_person = False

    def __init__(self, model: str, *, profile: Profile = "mt", device: str = "auto") -> None:
        """`model` as `find` takes it; `device` auto, cuda, mps or cpu. Raises MissingError."""
        self._folder = find(model)
        self._profile = profile
        self._device = device
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self.batch_words = prompting.BATCH_WORDS[profile]
        self.engine = Engine(
            name="local",
            model=model if _NAME.fullmatch(model) else self._folder.name,
            version=prompting.prompt_version(profile),
            parameters={"profile": profile, "weights": _identity(self._folder)},
        )

    def estimate(self, request: Request) -> Usage:
        """About how many tokens one answer takes; it costs no money."""
        sent, received = prompting.estimate(request, self._profile)
        calls = len(prompting.calls(request, self._profile))
        return Usage(calls=calls, prompt_tokens=sent, completion_tokens=received, cost=0.0)

    def translate(self, request: Request) -> Answer:
        """Ask the model; the texts are not checked. May be called from several threads.

        Raises BadFileError where the folder holds no model, MissingError where the device or a
        package is not there, TranslatorError where the memory does not suffice.
        """
        with self._lock:
            model = self._loaded = self._loaded or _load(self._folder, self._device)
            parts = prompting.calls(request, self._profile)
            return prompting.together([self._ask(model, one) for one in parts])

    def _ask(self, model: "_Loaded", request: Request) -> Answer:
        prompt = model.encode(prompting.messages(request, self._profile))
        if prompt.shape[1] + prompting.room(request) > model.longest:
            return Answer(finish="length", note="the model takes no text of this length")
        said = model.answer(prompt, prompting.room(request))
        usage = Usage(calls=1, prompt_tokens=prompt.shape[1], completion_tokens=len(said), cost=0.0)
        finish = "stop" if said and said[-1] in model.ends else "length"
        return prompting.read(model.decode(said), finish, usage, request, self._profile)


def _identity(folder: Path) -> str:
    """A hash that changes when the model does: its configuration, and its files by name and size;
    gigabytes are not read for it."""
    hashed = hashlib.sha256((folder / "config.json").read_bytes())
    for path in sorted(folder.iterdir()):
        if any(path.match(p) for p in _WANTED):
            hashed.update(f"{path.name}\n{path.stat().st_size}\n".encode())
    return hashed.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A model with its vocabulary. These libraries are untyped, hence `Any`."""

    tokenizer: Any
    model: Any
    ends: frozenset[int]
    longest: int  # tokens, of question and answer together

    def encode(self, messages: Sequence[dict[str, str]]) -> "torch.Tensor":
        """The conversation as tokens, in the model's own form: (1, tokens)."""
        words = sorted((w for w in self.tokenizer.all_special_tokens if len(w) > 1), key=len)
        told = [m | {"content": _broken_up(m["content"], words)} for m in messages]
        encoded = self.tokenizer.apply_chat_template(
            told, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
        tokens: torch.Tensor = encoded["input_ids"].to(self.model.device)
        return tokens

    def answer(self, prompt: "torch.Tensor", room: int) -> list[int]:
        """The tokens that follow, the likeliest each time; at most `room`."""
        import torch

        try:
            with torch.inference_mode():
                out = self.model.generate(
                    input_ids=prompt,
                    attention_mask=torch.ones_like(prompt),
                    max_new_tokens=room,
                    do_sample=False,
                    num_beams=1,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                )
        except torch.OutOfMemoryError:
            raise TranslatorError(
                "the memory does not suffice for this model",
                "Choose a smaller model, or --device cpu.",
            ) from None
        return [int(token) for token in out[0, prompt.shape[1] :]]

    def decode(self, tokens: Sequence[int]) -> str:
        return str(self.tokenizer.decode(tokens, skip_special_tokens=True))


def _broken_up(text: str, words: Sequence[str]) -> str:
    """What is said must not be taken for the model's own control words."""
    for word in words:
        text = text.replace(word, f"{word[0]} {word[1:]}")
    return text


def _load(folder: Path, wanted: str) -> _Loaded:
    try:
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging
    except ImportError:
        raise _no_extra() from None
    device, dtype = _place(wanted)
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model, told = AutoModelForCausalLM.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=dtype,
            output_loading_info=True,
        )
        model = model.to(device)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise BadFileError(
            f"{folder}: no causal language model that can be run ({type(error).__name__})",
            "It needs config.json, a tokenizer and *.safetensors; models with code are not run.",
        ) from error
    if told["missing_keys"]:  # it would be filled up with noise
        raise BadFileError(
            f"{folder}: {len(told['missing_keys'])} of the model's weights are not there",
            "Download it again.",
        )
    if not tokenizer.chat_template:
        raise BadFileError(
            f"{folder}: the model has no form of conversation",
            "Choose one that was tuned to follow instructions, or to translate.",
        )
    ends = model.generation_config.eos_token_id
    return _Loaded(
        tokenizer=tokenizer,
        model=model.eval(),
        ends=frozenset([ends] if isinstance(ends, int) else ends or ()),
        longest=int(getattr(model.config, "max_position_embeddings", 0) or 1 << 20),
    )


def _place(wanted: str) -> "tuple[str, torch.dtype]":
    """The device to use and the numbers it is good at."""
    import torch

    have = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    device = next(name for name, there in have.items() if there) if wanted == "auto" else wanted
    if device not in have:
        raise SettingsError(f"{wanted!r} is no device", f"choose auto, {', '.join(have)}")
    if not have[device]:
        raise MissingError(
            f"PyTorch finds no {device} device on this machine",
            "Use --device cpu, or install a PyTorch build for your device.",
        )
    if device == "cuda":
        return device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return device, torch.float16 if device == "mps" else torch.float32
