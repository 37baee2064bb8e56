"""Requests to the HTTP API, tried again while the server is away."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from typing import Any

import httpx

from .errors import ApiError

Request = tuple[str, str, dict[str, Any]]
"""A method, a path, and what httpx takes besides."""

Steps = Generator[Any, Any, Any]
"""A dialogue that does no I/O: it yields requests, waits in seconds and calls; it is sent answers or thrown ``ApiError``."""


class Countersign:
    """Where Countersign is, and the key of an agent. ``timeout``: seconds for one answer, besides waiting for people."""

    def __init__(self, url: str, key: str, timeout: float = 30.0) -> None:
        self._options: dict[str, Any] = {
            "base_url": url,
            "headers": {"authorization": f"Bearer {key}"},
            "timeout": httpx.Timeout(timeout + 20.0),
        }

    def client(self) -> httpx.Client:
        return httpx.Client(**self._options)

    def async_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(**self._options)


def answer_of(response: httpx.Response) -> Any:
    """What is in an answer. Raises ``ApiError`` for a problem."""
    if response.is_success:
        return response.json()
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    after = response.headers.get("retry-after", "")
    raise ApiError(
        response.status_code,
        problem.get("code", f"http_{response.status_code}"),
        problem.get("detail") or response.reason_phrase,
        float(after) if after.isdigit() else None,
    )


def unreachable(error: httpx.TransportError) -> ApiError:
    return ApiError(0, "unreachable", str(error) or type(error).__name__)


def patiently(request: Request, may_pass: Callable[[ApiError], bool] = lambda _: False) -> Steps:
    """Tries again, later and later, while an error is temporary or may pass otherwise."""
    wait = 0.2
    while True:
        try:
            return (yield request)
        except ApiError as error:
            if not error.is_temporary and not may_pass(error):
                raise
            yield max(random.uniform(wait / 2, wait), error.retry_after or 0)
            wait = min(wait * 2, 10.0)
