"""What drafting a talk would take, in figures and in words; asks nobody."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from translate.model import Usage
from translate.stages.translate import Plan


def usage_text(usage: Usage) -> str:
    tokens = f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"
    return f"{usage.calls} calls, {tokens}, cost {usage.cost_text}"


_VERDICTS = {
    "yes": "it holds",
    "perhaps": "it may be used up before the end; what is done then is kept",
    "no": "it would be used up before the end; what is done then is kept",
    "no price": "no price is known for this model, so the run would not begin"
    " (translate.price in stw.toml)",
}


@dataclass(frozen=True, slots=True)
class Forecast:
    """What drafting one talk would take, beside what it has taken and may take."""

    talk: str
    translator: str
    plan: Plan
    spent: Usage  # by earlier runs
    budget: float | None

    @property
    def data(self) -> dict[str, Any]:
        return {
            "talk": self.talk,
            "translator": self.translator,
            **msgspec.to_builtins(self.plan),
            "spent": msgspec.to_builtins(self.spent),
            "budget": self.budget,
            "within_budget": self.verdict,
        }

    @property
    def verdict(self) -> Literal["", "yes", "perhaps", "no", "no price"]:
        """Whether the run would end before the budget does; empty without one."""
        least, most = self.plan.usage.cost, self.plan.most.cost
        if self.budget is None:
            return ""
        if not self.plan.usage.calls:
            return "yes"
        if least is None or most is None:
            return "no price"
        left = self.budget - (self.spent.cost or 0.0)
        return "yes" if most <= left else "perhaps" if least <= left else "no"

    @property
    def row(self) -> tuple[str, ...]:
        usage = self.plan.usage
        about = "about " if usage.cost else ""
        tokens = f"about {usage.prompt_tokens} + {usage.completion_tokens}"
        counts = (self.plan.paragraphs, self.plan.known, usage.calls)
        return (self.talk, self.translator, *map(str, counts), tokens, about + usage.cost_text)

    @property
    def notes(self) -> Iterator[str]:
        """What the row cannot say."""
        most = self.plan.most
        if most.calls > self.plan.usage.calls:
            cost = f", about {most.cost_text}" if most.cost else ""
            yield (
                f"{self.talk}: at least that, for refused answers are asked for again:"
                f" at most {most.calls} calls{cost}"
            )
        if self.spent.calls:
            yield f"{self.talk}: so far {usage_text(self.spent)}"
        if self.verdict:
            yield f"{self.talk}: budget {self.budget:g}: {_VERDICTS[self.verdict]}"
