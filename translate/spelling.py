"""Finds slips of the pen on slides: `partipants`, `indusry`, `transofmer`.

Knows English words and how people mistype them. Does not know slides or term bases: the words that
are right in a talk are handed in. In doubt a word is right, because slides are full of names,
identifiers and jargon, and a wrong alarm costs an editor more than a slip that was there before.

The word list comes with symspellpy (MIT), from the extra [slides]; it loads at the first use.
"""

import importlib.util
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from translate.errors import MissingError

EXTRA = "pip install 'see-the-world[slides]'"
_WORDS = "frequency_dictionary_en_82_765.txt"
_SHORTEST = 6  # letters; shorter words have too many neighbours
_LONGEST = 40  # letters; the time that a longer one takes is wasted
_LONG = 8  # letters from which two letters may be wrong
_USUAL, _COMMON = 500_000, 2_000_000  # occurrences in the list's 10**11 words of text
_NAME = 3  # so often, the same spelling is meant

# Words of the trade that the list lacks and that look like a slip of another word.
_JARGON = frozenset(
    re.findall(
        r"\w+",
        """
    allgather allreduce autocast autoencoder autograd autoregressive autoscaler autoscaling
    autotune autotuned autotuning backprop benchmarked bfloat bitmask cacheable callables
    charset cluster codecs codegen configs dataframe dataframes dataset datasets debugger
    decoder deepspeed denoise denoising deserialize detokenize devops distro docathon
    docstring docstrings dynamo embedder encodings endianness epochs ethernet exabyte executor
    extensibility fallbacks favicon featurize finetune finetuned fuzzer fuzzing geospatial
    getter gigabyte gigaflop google gradio grafana hackathon hashtable hostname hotfix
    hyperscaler inductor inlined inlining interop invariants iterable iterables iterator
    iterators jupyter kaggle kernels kubernetes lambda lambdas latents lifecycle linter logits
    logprob lookup markdown matmul matmuls matplotlib megatron memoize metadata microservice
    microservices middleware minibatch mistral multimodal namespace namespaces nodejs nullable
    offline onboarding online opcode optimizer optimizers orchestrator pandas parametrize
    params parquet parser parsers perceptron perplexity petabyte petaflop pickle pipelined
    pipelining plugin plugins podcast polyfill postgres precompute preemption prefetch
    preprint preprocess profiler profilers prometheus protobuf pydantic pyproject pyspark
    pytest python pytorch quantize quantized quantizer queryable ragged refactor refactored
    refactoring regexes reranker rollout rollouts router runtime runtimes scalability scalable
    scaler schema schemas scikit serializable shader shaders sharded sharding softmax speedup
    speedups sqlite stderr stdout stemmer struct structs subclassing subgraph subgraphs
    submodule subword subwords symlink synced telemetry tensor tensorboard tensorflow tensors
    terabyte timestamp timestamps timestep tokenization tokenize tokenized tokenizer
    tokenizers toolchain tooling toolkit torchtune torchvision traceback tradeoff tradeoffs
    transformers transpiler triton tuples typechecker ubuntu unicode unsharded upsample
    upstreamed upstreaming usability username uvicorn vectorize vectorized vectorizer webhook
    webhooks website whitespace wireframe workflow workflows workstream youtube
    """,
    )
)
_BEFORE = re.compile(
    r"^(?:anti|auto|bi|co|counter|cross|de|dis|hyper|inter|intra|macro|mega|meta|micro|mini|mis"
    r"|multi|non|out|over|para|post|pre|pro|pseudo|quasi|re|semi|sub|super|trans|tri|ultra|un"
    r"|under|uni)(?=[a-z]{4})"
)
_BEHIND = (
    *(("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e")),
    *(("er", ""), ("er", "e"), ("ers", ""), ("ers", "e"), ("or", "e"), ("ors", "e"), ("ly", "")),
    *(("able", ""), ("able", "e"), ("ability", "able"), ("ness", ""), ("less", ""), ("ful", "")),
    *(("ize", ""), ("ise", "ize"), ("ises", "ize"), ("ised", "ize"), ("ising", "ize")),
    *(("izes", "ize"), ("ized", "ize"), ("izing", "ize"), ("izer", "ize"), ("izers", "ize")),
    *(("ization", "ize"), ("isation", "ize"), ("izations", "ize"), ("ization", "")),
    *(("ability", ""), ("ity", ""), ("ity", "e"), ("ic", ""), ("al", ""), ("ism", ""), ("ist", "")),
)
_BRITISH = (("iz", "is"), ("yz", "ys"), ("or", "our"), ("artifact", "artefact"), ("ense", "ence"))
_TOKEN = re.compile(r"\S+")
_TRIM = "\"'“”‘’()[]{}<>.,;:!?…*&-–—"
_PLAIN = re.compile(r"[A-Za-z]?[a-z]+(?:['’]s)?")
_CAMEL = re.compile(r"(?:[A-Z][a-z]{3,}){2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A word that is probably misspelt."""

    written: str
    likely: str  # in the same case
    line: int  # which of the lines that were looked at, from 0


def slips(lines: Sequence[str], known: Iterable[str] = ()) -> tuple[Slip, ...]:
    """The words in `lines` that are probably misspelt, in order, each spelling once.

    `lines` is prose; leave code out. `known` are texts whose words are right: terms, titles,
    names. Raises MissingError without the extra.
    """
    right = frozenset(word.lower() for text in known for word in re.findall(r"[A-Za-z]+", text))
    seen = Counter(word.lower() for line in lines for word, _ in _words(line))
    found: dict[str, Slip] = {}
    for at, line in enumerate(lines):
        for word, leads in _words(line):
            lower = word.lower()
            if lower in found or seen[lower] >= _NAME:
                continue
            likely = _likely(word, right, leads=leads)
            if likely:
                found[lower] = Slip(written=word, likely=_as_written(likely, word), line=at)
    return tuple(found.values())


def _words(line: str) -> Iterator[tuple[str, bool]]:
    """The plain words of a line, and whether a capital there says nothing of a name.

    Left out are numbers, addresses, paths, file names, identifiers, acronyms and handles.
    """
    tokens = [token.strip(_TRIM) for token in _TOKEN.findall(line) if _is_text(token)]
    capital = sum(1 for token in tokens if token[:1].isupper())
    title_case = capital > len(tokens) / 2
    for at, token in enumerate(tokens):
        for part in re.split(r"[-–—/]", token) if "//" not in token else ():
            word = re.sub(r"['’]s?$", "", part)
            leads = at == 0 or title_case
            if _CAMEL.fullmatch(word):
                yield from ((piece, True) for piece in re.findall(r"[A-Z][a-z]+", word))
            elif _SHORTEST <= len(word) <= _LONGEST and _PLAIN.fullmatch(word):
                yield word, leads


def _is_text(token: str) -> bool:
    inner = token.strip(_TRIM)
    return not re.search(r"[\d_@#\\=+~%$^|`]|\w[.:(]\w|^[./]|^--?[a-z]", inner or token)


def _likely(word: str, right: frozenset[str], *, leads: bool) -> str:
    """What `word` was probably meant to be; empty where it may well be right."""
    lower = word.lower()
    speller = _speller()
    if len(lower) < _SHORTEST or _is_right(lower, right, speller.words):
        return ""
    name = word[0].isupper()
    if name and not leads:
        return ""
    # A capital may be a name's: the slip must be in a long word.
    return "" if name and len(lower) < 7 else _best(lower, right, speller)


def _best(word: str, right: frozenset[str], speller: Any) -> str:
    from symspellpy import Verbosity

    long = len(word) >= _LONG
    candidates = [
        (found.distance, _difference(word, found.term), -found.count, found.term)
        for found in speller.lookup(word, Verbosity.ALL, 2)
        if found.term[0] == word[0] and len(found.term) >= 5
        if found.term in right or found.count >= (_USUAL if found.distance == 1 else _COMMON)
    ]
    near = [c for c in candidates if c[1] <= 2 and (c[0] == 1 or long)]
    return min(near)[3] if near else ""


def _difference(one: str, other: str) -> int:
    """How many letters only one of two words has, wherever they stand."""
    a, b = Counter(one), Counter(other)
    return (a - b).total() + (b - a).total()


def _is_right(word: str, right: frozenset[str], listed: dict[str, int]) -> bool:
    def known(form: str) -> bool:
        return form in listed or form in right or form in _JARGON

    if known(word) or any(known(form) for form in _forms(word)):
        return True
    bare = _BEFORE.sub("", word)
    if bare != word and (known(bare) or any(known(form) for form in _forms(bare))):
        return True
    return any(
        _is_common(word[:cut], listed) and _is_common(word[cut:], listed)
        for cut in range(3, len(word) - 2)
    )


def _forms(word: str) -> Iterator[str]:
    """What `word` may be an inflection or a British spelling of."""
    for ending, instead in _BEHIND:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3:
            yield stem + instead
            if len(stem) > 3 and stem[-1] == stem[-2]:
                yield stem[:-1]  # "logging"
    for american, british in _BRITISH:
        yield word.replace(american, british)
        yield word.replace(british, american)


_HALVES = frozenset(
    re.findall(
        r"\w+",
        """
    age aid bag bar bit box bug bus cap car cut day dev dog end eye far fit fix fly gap get
    hot ice job key lab law led leg let log low man map max min net new off old one out own
    pad pay pen per pin pop pot pre pro put red row run sea set sky sub sum sun tab tag tap
    tax tie tip top toy two use via war way web win you air all any big can hub
    """,
    )
)


def _is_common(half: str, listed: dict[str, int]) -> bool:
    """Whether it makes compounds: `code` and `base`, `data` and `set`, `back` and `end`."""
    return half in _HALVES if len(half) < 4 else listed.get(half, 0) >= _COMMON


def _as_written(term: str, word: str) -> str:
    return term.capitalize() if word[0].isupper() else term


@cache
def _speller() -> Any:
    """The list, indexed for two wrong letters: 2 s and 150 MB."""
    if importlib.util.find_spec("symspellpy") is None:
        raise MissingError(
            "The package symspellpy, which checks spelling, is not installed.", EXTRA
        )
    from symspellpy import SymSpell

    speller = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    if not speller.load_dictionary(str(files("symspellpy") / _WORDS), 0, 1):
        raise MissingError("The package symspellpy came without its word list.", EXTRA)
    return speller
