"""Operations of all scopes: they take their time, have their effect, and may end in an error."""

from __future__ import annotations

import datetime
import itertools
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from cloudfail.lab.cloud.faults import Budget
from cloudfail.lab.cloud.gcp.answers import ComputeError, Json, invalid
from cloudfail.lab.cloud.gcp.links import link, scope_of
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.store import Store

Effect = Callable[[Store], None]
_ZERO = uuid.UUID(int=0)


class Work(msgspec.Struct, frozen=True):
    """What a method asks for once it found the request in order.

    `effect` happens when the operation ends; a ComputeError of it becomes the operation's error.
    `type` is the operationType, `target` a path.
    """

    type: str
    target: str
    effect: Effect


class Operations:
    """All members are called with `lock` held; `apply` is called to let an effect happen."""

    def __init__(
        self, lock: threading.RLock, store: Store, apply: Callable[[Effect], None]
    ) -> None:
        self._store = store
        self._apply = apply
        self._changed = threading.Condition(lock)
        self._lock = lock
        self._numbers = itertools.count(1)
        self._asked: dict[tuple[str, str], tuple[str, str]] = {}
        self._timers: set[threading.Timer] = set()

    def clear(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers, self._asked = set(), {}
        self._changed.notify_all()

    def of_request(self, request: ComputeRequest) -> Json | None:
        """Return the operation that an earlier request with the same requestId began.

        Compute v1 reference, `requestId`: "the server can check if original operation with the
        same request ID was received, and if so, will ignore the second request"; "must be a valid
        UUID with the exception that zero UUID is not supported".
        """
        given = request.query.get("requestId")
        if given is None:
            return None
        _require_uuid(given)
        earlier = self._asked.get((request.project, given))
        if earlier is None:
            return None
        path, content = earlier
        if content != _content(request):
            raise invalid("requestId", given, "It was used for another request.")
        return self._store.get(path)

    def begin(self, request: ComputeRequest, work: Work, budget: Budget) -> Json:
        """Return the operation as it is at its begin; its effect comes by itself."""
        scope = scope_of(work.target)
        number = next(self._numbers)
        path = f"{scope}/operations/operation-{1_700_000_000_000 + number}-{number:08x}"
        now = _now()
        self._store.put(
            path,
            {
                "operationType": work.type,
                "status": "RUNNING",
                "progress": 0,
                "user": request.user,
                "targetLink": link(work.target),
                "targetId": self._target_id(work.target),
                "insertTime": now,
                "startTime": now,
            },
        )
        begun = self._store.get(path)
        if given := request.query.get("requestId"):
            self._asked[request.project, given] = (path, _content(request))
        self._run(path, request.method, work, budget)
        return begun

    def running(self, kind: str) -> list[Json]:
        """Return the operations that are not DONE, of all targets with this in their link."""
        return [
            item
            for _, item in self._store.every("operations")
            if item["status"] != "DONE" and kind in item["targetLink"]
        ]

    def wait(self, path: str, seconds: float) -> Json:
        """Return the operation when it is DONE, or when the time is over.

        Compute v1 reference, zoneOperations.wait: "waits for no more than the 2 minutes and then
        returns the current state of the operation".
        """
        self._store.get(path)
        self._changed.wait_for(lambda: self._is_over(path), timeout=min(seconds, 120.0))
        return self._store.get(path)

    def _is_over(self, path: str) -> bool:
        found = self._store.find(path)
        return found is None or found["status"] == "DONE"

    def _run(self, path: str, method: str, work: Work, budget: Budget) -> None:
        code = budget.operation_error(method)
        if budget.operation_stuck(method):
            return
        lost = budget.operation_lost(method)
        effect = _fail(code) if code else work.effect

        def end() -> None:
            with self._lock:
                self._timers.discard(timer)
                if self._store.find(path) is not None:
                    self._end(path, effect)
                if lost:
                    self._store.drop(path)

        timer = threading.Timer(budget.faults.operation_ms / 1000, end)
        timer.daemon = True
        if budget.faults.operation_ms <= 0:
            end()
            return
        self._timers.add(timer)
        timer.start()

    def _end(self, path: str, effect: Effect) -> None:
        done: dict[str, Any] = {"status": "DONE", "progress": 100}
        try:
            self._apply(effect)
        except ComputeError as error:
            done["error"] = {"errors": [{"code": error.code, "message": error.message}]}
            done["httpErrorStatusCode"] = error.status
            done["httpErrorMessage"] = _PHRASES.get(error.status, "BAD REQUEST")
        self._store.put(path, {**self._store.get(path), **done, "endTime": _now()})
        self._changed.notify_all()

    def _target_id(self, path: str) -> str:
        found = self._store.find(path)
        return "0" if found is None else str(found["id"])


_PHRASES = {400: "BAD REQUEST", 404: "NOT FOUND", 409: "CONFLICT", 412: "PRECONDITION FAILED"}


def _fail(code: str) -> Effect:
    def effect(_: Store) -> None:
        raise ComputeError(400, f"The lab lets this operation end with {code}.", code=code)

    return effect


def _content(request: ComputeRequest) -> str:
    return json.dumps([request.method, request.words], sort_keys=True)


def _require_uuid(text: str) -> None:
    try:
        good = uuid.UUID(text) != _ZERO
    except ValueError:
        good = False
    if not good:
        raise invalid("requestId", text, "Must be a valid UUID, and not zero.")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
