"""What a function is told while it makes a call: for how long the call is its own."""

from __future__ import annotations

import asyncio
import threading
import time
from contextvars import ContextVar

from .errors import ApiError

ELSEWHERE = frozenset({"claim_lost", "wrong_execution_state", "outcome_unknown"})
"""Another claim has it, or it is over or unknown: how the call stands says more."""


class Lease:
    """Of the call that a gated function makes.

    ``lost`` is set once it is lost, since the server was away for as long or takes the caller for vanished. The outcome
    counts as unknown then: whatever can still be left undone should be. Coroutines await ``lost_async``.
    """

    def __init__(self, call: str, seconds: float, since: float) -> None:
        self.call = call
        self.lost = threading.Event()
        self.lost_async = asyncio.Event()
        self._seconds = seconds
        self._until = since + seconds

    def _rest(self) -> float:
        return min(max(0.1, self._seconds / 4), max(0.0, self._until - time.monotonic()))

    def _told(self, sent: float, error: ApiError | None) -> None:
        """Of an attempt to extend it, which was sent then."""
        if error is None:
            self._until = sent + self._seconds
        elif error.code in ELSEWHERE:
            self._until = 0.0

    def _lose(self) -> None:
        self.lost.set()
        self.lost_async.set()

    @property
    def _is_over(self) -> bool:
        return time.monotonic() >= self._until


_current: ContextVar[Lease] = ContextVar("countersign_lease")


def current_lease() -> Lease:
    """The lease of the call that the gated function makes which this is called in. Raises ``LookupError`` outside of one."""
    return _current.get()
