"""The gate: a function runs once its call is approved, here, under a lease."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx

from .errors import ApiError, GateError
from .lease import ELSEWHERE, Lease, _current
from .transport import Countersign, Request, Steps, answer_of, patiently, unreachable

Gated = Callable[..., Any]
"""The function with keyword arguments alone, and ``key=``, ``reason=`` and ``context=`` of a call; awaitable where the function is."""

# The news of a decision reaches executor and runner apart, so that the executor may know of it a little later.
_NEWS_TAKES_S = 30.0


def gate(
    client: Countersign, *, agent: str, tool: str | None = None, reason: str | None = None, framework: str | None = None
) -> Callable[[Callable[..., Any]], Gated]:
    """Puts a function behind the gate. ``tool``: its name as declared, by default that of the function.

    The function is called with the arguments that were approved. What it returns is stored as JSON. Raises ``GateError``
    when the call is not made, and ``ApiError`` when it may not be asked for.

    ``key=`` of a call names it. ``reason=`` and ``context=``, a dictionary, are shown to whoever decides on that call, as what
    the agent says; a function with parameters of these names, or with ``**``, is handed them as arguments instead.
    """

    def wrap(function: Callable[..., Any]) -> Gated:
        own = inspect.signature(function).parameters
        if "key" in own:
            raise TypeError(f"{function.__name__}: key names a call, and cannot be a parameter of a gated function.")
        takes_any = any(each.kind is each.VAR_KEYWORD for each in own.values())
        words = () if takes_any else tuple(name for name in ("reason", "context") if name not in own)

        def dialogue(key: str | None, args: dict[str, Any]) -> Steps:
            said = {"reason": reason, "framework": framework}
            said |= {name: value for name in words if (value := args.pop(name, None)) is not None}
            call = {"tool_name": tool or function.__name__, "tool_args": args}
            wanted = {"calls": [call], **{name: value for name, value in said.items() if value is not None}}
            return _dialogue(agent, wanted, key or str(uuid.uuid4()))

        @functools.wraps(function)
        def gated(*, key: str | None = None, **args: Any) -> Any:
            with client.client() as http:
                return _drive(http, dialogue(key, args), function)

        @functools.wraps(function)
        async def gated_async(*, key: str | None = None, **args: Any) -> Any:
            async with client.async_client() as http:
                return await _drive_async(http, dialogue(key, args), function)

        return gated_async if inspect.iscoroutinefunction(function) else gated

    return wrap


class _Run:
    """The function is to be called with the approved arguments, while the lease is extended."""

    def __init__(self, execution: dict[str, Any], extend: Request, seconds: float, since: float) -> None:
        self.args: dict[str, Any] = execution["tool_args"]
        self.lease = Lease(execution["id"], seconds, since)
        self._extend = extend

    def extend(self) -> Request:
        """No answer to it counts that comes when the lease is over."""
        method, path, options = self._extend
        return method, path, {**options, "timeout": max(0.1, self.lease._rest())}


def _dialogue(agent: str, wanted: dict[str, Any], key: str) -> Steps:
    path = f"/agents/{agent}/calls"
    asked = yield from patiently(("POST", path, {"json": wanted, "headers": {"idempotency-key": key}}))
    while True:
        call = asked["calls"][0]
        if call["status"] == "approved":
            made = yield from _make(call["id"])
            if made is not None:
                return made[0]
        elif call["status"] == "succeeded":
            return _read(call["result"])
        elif call["status"] != "waiting":
            raise GateError(call)
        query = {"params": {"since": asked["version"], "timeout": 20}}
        asked = yield from patiently(("GET", f"{path}/{asked['run_id']}", query))


def _make(call: str) -> Steps:
    claim = {"claim": str(uuid.uuid4())}
    at = f"/executions/{call}"
    until = time.monotonic() + _NEWS_TAKES_S

    def may_pass(error: ApiError) -> bool:
        return error.code == "call_held" or (error.code == "execution_not_found" and time.monotonic() < until)

    since = time.monotonic()
    extend = ("POST", f"{at}/extend", {"json": claim})
    try:
        execution = yield from patiently(("POST", f"{at}/claim", {"json": claim}), may_pass)
        # An attempt knows its second, and may have begun at the end of it: rather shorter than the server's lease than longer.
        seconds = max(0.4, execution["lease"]["expires_at"] / 1000 - execution["attempts"][-1]["started_at"] - 1)
        # The claim may have been taken long before its answer came: whoever begins has been told lately that it still holds.
        while time.monotonic() - since > seconds / 2:
            since = time.monotonic()
            yield from patiently(extend)
    except ApiError as error:
        if error.code in ELSEWHERE:
            return None
        raise
    report = {**claim, "digest": execution["digest"]}
    try:
        result = yield _Run(execution, extend, seconds, since)
    except Exception as error:
        failed = {**report, "outcome": "failed", "result": str(error) or type(error).__name__}
        if not (yield from _counts(at, failed)):
            return None
        raise
    done = {**report, "outcome": "succeeded", "result": _written(result)}
    return (result,) if (yield from _counts(at, done)) else None


def _written(result: Any) -> str:
    try:
        return json.dumps(result)
    except (TypeError, ValueError):
        return json.dumps("[what it returned cannot be written as JSON]")


def _counts(at: str, outcome: dict[str, Any]) -> Steps:
    """Whether what is reported counts. When the claim was lost meanwhile, a person finds out."""
    try:
        yield from patiently(("POST", f"{at}/outcome", {"json": outcome}))
    except ApiError as error:
        if error.code in ELSEWHERE:
            return False
        raise
    return True


def _read(result: str | None) -> Any:
    try:
        return json.loads(result or "null")
    except ValueError:
        return result


def _drive(http: httpx.Client, steps: Any, function: Callable[..., Any]) -> Any:
    def send(request: Request) -> Any:
        method, path, options = request
        try:
            return answer_of(http.request(method, path, **options))
        except httpx.TransportError as error:
            raise unreachable(error) from error

    @contextmanager
    def extending(run: _Run) -> Any:
        over = threading.Event()
        lease = run.lease

        def extend() -> None:
            while not over.wait(lease._rest()):
                if lease._is_over:
                    return lease._lose()
                sent = time.monotonic()
                try:
                    send(run.extend())
                    lease._told(sent, None)
                except ApiError as error:
                    lease._told(sent, error)

        thread = threading.Thread(target=extend, daemon=True)
        thread.start()
        token = _current.set(lease)
        try:
            yield
        finally:
            _current.reset(token)
            over.set()
            thread.join()

    advance = functools.partial(next, steps)
    while True:
        try:
            step = advance()
            if isinstance(step, float):
                time.sleep(step)
                answer = None
            elif isinstance(step, _Run):
                with extending(step):
                    answer = function(**step.args)
            else:
                answer = send(step)
            advance = functools.partial(steps.send, answer)
        except StopIteration as end:
            return end.value
        except Exception as error:
            if steps.gi_frame is None:
                raise
            advance = functools.partial(steps.throw, error)


async def _drive_async(http: httpx.AsyncClient, steps: Any, function: Callable[..., Any]) -> Any:
    async def send(request: Request) -> Any:
        method, path, options = request
        try:
            return answer_of(await http.request(method, path, **options))
        except httpx.TransportError as error:
            raise unreachable(error) from error

    @asynccontextmanager
    async def extending(run: _Run) -> Any:
        lease = run.lease

        async def extend() -> None:
            while True:
                await asyncio.sleep(lease._rest())
                if lease._is_over:
                    return lease._lose()
                sent = time.monotonic()
                try:
                    await send(run.extend())
                    lease._told(sent, None)
                except ApiError as error:
                    lease._told(sent, error)

        task = asyncio.create_task(extend())
        token = _current.set(lease)
        try:
            yield
        finally:
            _current.reset(token)
            task.cancel()

    advance = functools.partial(next, steps)
    while True:
        try:
            step = advance()
            if isinstance(step, float):
                await asyncio.sleep(step)
                answer = None
            elif isinstance(step, _Run):
                async with extending(step):
                    answer = await function(**step.args)
            else:
                answer = await send(step)
            advance = functools.partial(steps.send, answer)
        except StopIteration as end:
            return end.value
        except Exception as error:
            if steps.gi_frame is None:
                raise
            advance = functools.partial(steps.throw, error)
