"""Several workers on one row: everything once, neighbours in order, errors told, few at a time."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.lanes import run_lanes


@given(st.integers(0, 30), st.integers(1, 6))
def test_each_is_done_once_and_told(count: int, workers: int) -> None:
    lock = threading.Lock()
    seen: list[int] = []
    told: list[str] = []

    def work(item: int) -> None:
        with lock:
            seen.append(item)

    run_lanes(
        range(count),
        work,
        workers=workers,
        done=lambda: told.append(threading.current_thread().name),
    )
    assert sorted(seen) == list(range(count))
    assert told == [threading.current_thread().name] * count


def test_never_more_at_a_time_and_never_fewer_while_there_is_work() -> None:
    gate = threading.Barrier(3, timeout=10)  # opens only when three are at work together
    lock = threading.Lock()
    now, most = 0, 0

    def work(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        gate.wait()
        with lock:
            now -= 1

    run_lanes(range(12), work, workers=3)
    assert most == 3


def test_a_worker_goes_through_its_stretch_in_order_and_helps_the_slowest() -> None:
    lock = threading.Lock()
    by: dict[str, list[int]] = {}
    slow = threading.Event()

    def work(item: int) -> None:
        with lock:
            by.setdefault(threading.current_thread().name, []).append(item)
            if len([i for items in by.values() for i in items]) == 10:
                slow.set()
        if item == 0:
            assert slow.wait(10)  # until the other has done all the rest

    run_lanes(range(10), work, workers=2)
    [first] = [items for items in by.values() if 0 in items]
    assert first == [0]
    [other] = [items for items in by.values() if 0 not in items]
    assert other[:5] == [5, 6, 7, 8, 9]
    assert sorted(other[5:]) == [1, 2, 3, 4]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_ends_the_row_and_is_raised(workers: int) -> None:
    seen = []

    def work(item: int) -> None:
        seen.append(item)
        if item == 0:
            raise ValueError("no")
        time.sleep(0.02)

    with pytest.raises(ValueError, match="no"):
        run_lanes(range(50), work, workers=workers)
    assert len(seen) < 10
