"""The nouns' own arithmetic: what was paid, and what is not known of it."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from translate.model import Usage

priced = st.builds(
    Usage, calls=st.integers(1, 5), cost=st.integers(0, 9).map(float), currency=st.just("CNY")
)
unpriced = st.builds(Usage, calls=st.integers(1, 5))


@given(st.lists(st.one_of(priced, unpriced), max_size=6), st.randoms())
def test_every_call_is_paid_for_or_told_as_unknown(usages: list[Usage], random: Random) -> None:
    random.shuffle(usages)
    total = sum(usages, Usage())
    assert total.calls == sum(u.calls for u in usages)
    assert total.without_cost == sum(u.calls for u in usages if u.cost is None)
    assert (total.cost or 0.0) == sum(u.cost or 0.0 for u in usages)


def test_what_a_sum_says() -> None:
    paid, unknown = Usage(calls=2, cost=1.5, currency="CNY"), Usage(calls=3)
    assert Usage().cost_text == "0"
    assert unknown.cost_text == "unknown"
    assert paid.cost_text == "1.5000 CNY"
    assert (paid + unknown).cost_text == "1.5000 CNY; cost of 3 calls unknown"
    dollars = Usage(calls=1, cost=1.0, currency="USD")
    assert (paid + dollars).cost_text == "unknown"  # two currencies make no sum
    assert (paid + dollars + paid).cost_text == "1.5000 CNY; cost of 3 calls unknown"
