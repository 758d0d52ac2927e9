"""`python -m tests.bench.translate_eval --backend NAME`: how well it translates, and what is seen.

NAME is a preset of translate/data/presets.toml or `auto`, built as `stw draft` builds it; `memory`;
`aya`, `gemma` or `tower`, machines whose answers lie with the test data; or `references`, the
people's own Chinese. For machines: chrF and BLEU against the people's Chinese, term success, and
what the checks find in first answers and in what would be published. For `references`: false
alarms for 1,000 paragraphs by check, and how much of systematic damage is seen.

The pairs are the test data's, or those of `--pairs FILE.tsv`: English, tab, Chinese, and perhaps
tab, talk. A server is sent their English, and what it costs is yours: `--limit` takes fewer.
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.translate_eval import judge, pairs
from tests.bench.translate_eval.pairs import Pair
from tests.bench.translate_eval.score import bleu_and_chrf, terms_kept
from translate import checks, compose
from translate import settings as settings_module
from translate.console import Console
from translate.errors import StwError
from translate.glossary import Glossary
from translate.model import Answer, Engine, MemoryEntry, Request, Usage
from translate.settings import Settings
from translate.stages import translate as translating

RECORDED = ("aya", "gemma", "tower")


@dataclass
class Listening:
    """A translator that remembers its first answer to each paragraph."""

    inner: translating.Translator
    first: dict[str, str] = field(default_factory=dict)  # English → Chinese

    @property
    def engine(self) -> Engine:
        return self.inner.engine

    @property
    def by_person(self) -> bool:
        return self.inner.by_person

    @property
    def batch_words(self) -> int:
        return self.inner.batch_words

    def estimate(self, request: Request) -> Usage:
        return self.inner.estimate(request)

    def translate(self, request: Request) -> Answer:
        answer = self.inner.translate(request)
        for unit in request.units:
            if unit.id not in request.reasons:
                self.first.setdefault(unit.english, answer.texts.get(unit.id, ""))
        return answer


def of_references(found: Sequence[Pair], glossary: Glossary, *, damage: bool) -> dict[str, Any]:
    """False alarms by check, and recall by kind of damage."""
    severity = {check.code: check.severity for check in checks.CHECKS}
    severity |= {"shift": "error", "duplicate": "error"}
    alarms = list(judge.alarms(found, glossary))
    counts = Counter(alarm.code for alarm in alarms)
    false = Counter(alarm.code for alarm in alarms if alarm.false)
    report: dict[str, Any] = {
        "alarms": {
            code: {
                "severity": severity[code],
                "alarms": counts[code],
                "false": false[code],
                "false_per_1000": round(1000 * false[code] / len(found), 1),
            }
            for code in severity
        }
    }
    if damage:
        report["damage"] = {
            kind: {
                "damaged": tally.damaged,
                "refused": tally.refused,
                "warned": tally.warned,
                "recall": round(tally.seen, 3),
                "neighbours_refused": tally.beside,
            }
            for kind, tally in judge.recall(found, glossary).items()
        }
    return report


def of_texts(
    english: Sequence[str], chinese: Sequence[str], wanted: Sequence[str], glossary: Glossary
) -> dict[str, Any]:
    """Scores and findings of some Chinese; where there is none, it scores as nothing."""
    found = Counter(
        finding.code
        for text, translated in zip(english, chinese, strict=True)
        for finding in checks.findings(text, translated, glossary.terms_in(text))
    )
    bleu, chrf = bleu_and_chrf(chinese, wanted)
    terms = terms_kept(english, chinese, glossary)
    return {
        "chrf": round(chrf, 1),
        "bleu": round(bleu, 1),
        "without_chinese": sum(not text for text in chinese),
        "terms_said": terms.said,
        "term_success": round(terms.success, 3),
        "terms_forbidden": terms.forbidden,
        "findings_per_1000": {
            code: round(1000 * count / len(english), 1) for code, count in found.most_common()
        },
    }


def of_translator(
    found: Sequence[Pair], translator: translating.Translator, glossary: Glossary, at_once: int
) -> dict[str, Any]:
    """First answers, and what the line makes of them, talk by talk."""
    listening = Listening(translator)
    published: list[str] = []
    usage = Usage()
    for talk in judge.by_talk(found):
        outcome = translating.translate(
            judge.paragraphs(talk),
            glossary.terms_in,
            listening,
            judge.Book(),
            pace=translating.Pace(at_once=at_once),
        )
        if outcome.stopped is not None:
            raise outcome.stopped
        published += [t.chinese for t in outcome.translations]
        usage += outcome.usage
    ordered = [pair for talk in judge.by_talk(found) for pair in talk]
    english, wanted = [p.english for p in ordered], [p.chinese for p in ordered]
    first = [listening.first.get(text, "") for text in english]
    return {
        "engine": f"{translator.engine.name} {translator.engine.model}".strip(),
        "calls": usage.calls,
        "cost": usage.cost,
        "currency": usage.currency,
        "first answers": of_texts(english, first, wanted, glossary),
        "published": of_texts(english, published, wanted, glossary),
    }


def of_recorded(engine: str, glossary: Glossary) -> dict[str, Any]:
    """A machine's answers to what Whisper wrote, sentence by sentence, put into paragraphs."""
    english: list[str] = []
    chinese: list[str] = []
    wanted: list[str] = []
    for talk, rows in pairs.recorded(engine).items():
        said = iter([machine for _, _, machine in rows])
        for pair in pairs.in_paragraphs(talk, [(heard, people) for heard, people, _ in rows]):
            english.append(pair.english)
            wanted.append(pair.chinese)
            chinese.append(pairs.joined(next(said) for _ in pair.pieces))
    return {
        "paragraphs": len(english),
        "english_words": sum(len(text.split()) for text in english),
        "first answers": of_texts(english, chinese, wanted, glossary),
    }


def own_memory(found: Sequence[Pair], folder: Path) -> Path:
    """A memory of all pieces of the pairs: with it, the path is measured, not the memory."""
    path = folder / "pairs.jsonl"
    entries = [
        MemoryEntry(source=e, target=z)
        for p in found
        for e, z in p.pieces
        if e.strip() and z.strip()
    ]
    compose.write_memory(path, entries)
    return path


def measured(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Everything that is asked for, ready to be written as JSON."""
    glossary = compose.load_glossary(settings)
    if options.pairs:
        found = pairs.read_tsv(options.pairs)
    else:
        found = [p for each in pairs.references().values() for p in each]
    found = found[: options.limit]
    if not found:
        raise SystemExit("no pairs: the test data are not here; name your own with --pairs")
    report: dict[str, Any] = {
        "backend": options.backend,
        "paragraphs": len(found),
        "english_words": sum(len(p.english.split()) for p in found),
    }
    if options.backend == "references":
        return report | of_references(found, glossary, damage=not options.no_damage)
    if options.backend in RECORDED:
        return report | of_recorded(options.backend, glossary)
    with tempfile.TemporaryDirectory() as folder:
        if options.backend == "memory" and not settings.translate.memory:
            options.memory = [str(own_memory(found, Path(folder)))]
            settings = settings_module.load(options.config, os.environ, flags(options))
        tools = compose.build_tools(settings, os.environ, Console(), fast=False)
        translator = tools.translator()
        return report | of_translator(found, translator, glossary, settings.translate.at_once)


def flags(options: argparse.Namespace) -> dict[str, dict[str, object]]:
    backend = options.backend
    name = "none" if backend in ("references", *RECORDED) else backend
    return {
        "translate": {
            "translator": name,
            "model": options.model,
            "base_url": options.base_url,
            "memory": options.memory or None,
        }
    }


def table(report: dict[str, Any]) -> str:
    """The report in columns, for people."""
    lines = [
        f"{key}: {value}"
        for key, value in report.items()
        if not isinstance(value, dict) and value not in (None, "")
    ]
    for name, part in report.items():
        if isinstance(part, dict):
            lines += ["", name, *_rows(part)]
    return "\n".join(lines)


def _rows(part: dict[str, Any]) -> list[str]:
    if part and all(isinstance(row, dict) for row in part.values()):
        columns = list(next(iter(part.values())))
        head = f"{'':40}" + "".join(f"{column:>19}" for column in columns)
        return [head, *(f"{key:40}" + "".join(f"{row[c]!s:>19}" for c in columns)
                        for key, row in part.items())]  # fmt: skip
    rows = []
    for key, value in part.items():
        if isinstance(value, dict):
            rows += [f"  {key}", *(f"    {code:36}{n:>12}" for code, n in value.items())]
        else:
            rows.append(f"  {key:38}{value!s:>12}")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backend", required=True, help="references, memory, a preset, …")
    parser.add_argument("--pairs", type=Path, help="your own: English, tab, Chinese[, tab, talk]")
    parser.add_argument("--limit", type=int, help="take only the first paragraphs")
    parser.add_argument("--config", type=Path, help="a stw.toml")
    parser.add_argument("--model", help="instead of the preset's own")
    parser.add_argument("--base-url", help="any OpenAI-compatible server")
    parser.add_argument("--memory", action="append", help=".jsonl or .tmx; else the pairs' own")
    parser.add_argument("--no-damage", action="store_true", help="references: alarms only")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        settings = settings_module.load(options.config, os.environ, flags(options))
        report = measured(options, settings)
    except StwError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 1
    print(json.dumps(report, ensure_ascii=False, indent=1) if options.json else table(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
