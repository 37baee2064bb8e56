"""What can go wrong. Programs branch on codes and statuses; sentences are for people."""

from __future__ import annotations

from typing import Any

TEMPORARY = frozenset({0, 408, 429, 502, 503, 504})


class ApiError(Exception):
    """An answer that is not the one hoped for, or none at all (status 0, code ``unreachable``)."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    @property
    def is_temporary(self) -> bool:
        return self.status in TEMPORARY


class GateError(Exception):
    """A gated call that was not made, failed, or of which nobody knows.

    ``status`` is ``rejected``, ``expired`` or ``cancelled`` (not made), ``failed`` (made), or ``outcome_unknown``: a person
    finds out, and it must not be made again.
    """

    def __init__(self, call: dict[str, Any]) -> None:
        self.id: str = call["id"]
        self.status: str = call["status"]
        self.note: str | None = call["note"]
        why = call["result"] if self.status == "failed" else self.note
        super().__init__(f"{call['tool_name']}: {self.status}" + (f": {why}" if why else ""))
