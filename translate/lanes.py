"""Several workers on one row of work, each on a stretch of it, so that neighbours follow in order.

A worker goes through its own stretch from the front; one that has finished takes the back half of
what the slowest still has before it. Knows nothing of what the work is.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


def run_lanes(
    items: Sequence[_Item],
    work: Callable[[_Item], None],
    *,
    workers: int,
    done: Callable[[], None] = lambda: None,
) -> None:
    """Call `work` once for each item, at most `workers` at a time; `done` after each.

    `work` runs in threads, `done` in the caller's. What `work` raises ends the row: nothing new
    is begun, what has begun is waited for, and the first error is raised. An interrupt of the
    caller does not wait: the threads die with the program.
    """
    if workers <= 1 or len(items) <= 1:
        for item in items:
            work(item)
            done()
        return
    row = _Row(len(items), min(workers, len(items)))
    told: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()

    def go(lane: int) -> None:
        while (at := row.take(lane)) is not None:
            try:
                work(items[at])
            except BaseException as error:  # noqa: BLE001 - handed over to the caller, whatever it is
                row.close()
                told.put(error)
                return
            told.put(None)

    threads = [threading.Thread(target=go, args=(n,), daemon=True) for n in range(row.lanes)]
    for thread in threads:
        thread.start()
    try:
        _watch(row, threads, told, done)
    finally:
        row.close()


def _watch(
    row: "_Row",
    threads: Sequence[threading.Thread],
    told: "queue.SimpleQueue[BaseException | None]",
    done: Callable[[], None],
) -> None:
    first: BaseException | None = None
    ended = 0
    while ended < row.begun or any(t.is_alive() for t in threads):
        try:
            error = told.get(timeout=0.1)
        except queue.Empty:
            continue
        ended += 1
        first = first or error
        if error is None:
            done()
    if first is not None:
        raise first


class _Row:
    """Who has which stretch of the row."""

    def __init__(self, count: int, lanes: int) -> None:
        self.lanes = lanes
        self.begun = 0
        self._lock = threading.Lock()
        edges = [count * n // lanes for n in range(lanes + 1)]
        self._next = edges[:-1]
        self._end = edges[1:]

    def take(self, lane: int) -> int | None:
        """The next place for this worker, or None when there is no more."""
        with self._lock:
            if self._next[lane] == self._end[lane]:
                self._steal(lane)
            if self._next[lane] == self._end[lane]:
                return None
            self._next[lane] += 1
            self.begun += 1
            return self._next[lane] - 1

    def _steal(self, lane: int) -> None:
        left = [end - at for at, end in zip(self._next, self._end, strict=True)]
        other = max(range(self.lanes), key=left.__getitem__)
        cut = self._end[other] - (left[other] + 1) // 2
        self._next[lane], self._end[lane] = cut, self._end[other]
        self._end[other] = cut

    def close(self) -> None:
        """Begin nothing more."""
        with self._lock:
            self._next = list(self._end)
