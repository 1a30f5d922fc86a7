"""Long-running operations: they take their time, have their effect, and may fail or be canceled.

azure-resource-manager/management/async-operations: `Azure-AsyncOperation` is the URL of the
operation's status, `Location` that of its result.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cloudfail.lab.cloud.azure.actions import action_of
from cloudfail.lab.cloud.azure.answers import CANCELED, Answer, ArmError, Json
from cloudfail.lab.cloud.azure.derived import shown
from cloudfail.lab.cloud.azure.links import NAMESPACE, key_of, name_of, subscription_of, top_of
from cloudfail.lab.cloud.azure.nics import configs_of
from cloudfail.lab.cloud.azure.request import ArmRequest
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.faults import Budget

Apply = Callable[[Callable[[Store], None], Store | None], None]


class Work(msgspec.Struct, frozen=True):
    """What a method asks for once it found the request in order.

    `name` is the operation's, like `PutNetworkInterfaceOperation`; `top` is the resource that is
    written, `document` what it becomes; `resource` the part of it that the request was about.
    """

    name: str
    resource: str
    document: Json
    created: bool = False

    @property
    def top(self) -> str:
        return top_of(self.resource)


class Operation:
    """One of them; all members are used with the cloud's lock held."""

    def __init__(self, work: Work, before: Store, action: str) -> None:
        self.id = str(uuid.uuid4())
        self.work = work
        self.action = action
        self.before = before
        self.status = "InProgress"
        self.error: ArmError | None = None

    @property
    def document(self) -> Json:
        """What GET of it answers."""
        error = {} if self.error is None else {"error": self.error.document}
        return {"status": self.status, **error}

    def fail(self, error: ArmError) -> None:
        self.status = "Canceled" if error.code == CANCELED else "Failed"
        self.error = error


class Operations:
    """All members are called with `lock` held; `apply` lets an effect happen."""

    def __init__(self, lock: threading.RLock, store: Store, apply: Apply) -> None:
        self._store = store
        self._apply = apply
        self._lock = lock
        self._known: dict[str, Operation] = {}
        self._running: dict[str, Operation] = {}
        self._timers: set[threading.Timer] = set()
        self.location = ""

    def clear(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers, self._known, self._running = set(), {}, {}

    def running(self, resource: str) -> Operation | None:
        """Return the operation that writes this resource now."""
        return self._running.get(key_of(top_of(resource)))

    def find(self, path: str) -> Operation:
        """Return an operation by the path of its URL; ArmError 404."""
        found = self._known.get(name_of(path))
        if found is None:
            words = f"The operation {name_of(path)} was not found."
            raise ArmError(404, "OperationNotFound", words)
        return found

    def begin(self, request: ArmRequest, work: Work, budget: Budget) -> Answer:
        """Answer as the network provider does; the effect comes by itself."""
        operation = Operation(work, self._store.past(), action_of(request))
        self._supersede(operation)
        self._known[operation.id] = operation
        self._running[key_of(work.top)] = operation
        self._apply(lambda store: _propose(store, work), None)
        proposed = self._store.find(work.resource)
        self._run(operation, request.method, budget)
        is_done = operation.status == "Succeeded"
        body = self._store.find(work.resource) if is_done else proposed
        headers = self._headers(operation, request, budget)
        if request.verb == "DELETE":
            return Answer(None, 202, headers)
        body = None if body is None else shown(self._store, body)
        etag = {} if body is None else {"ETag": body["etag"]}
        return Answer(body, 201 if work.created else 200, {**headers, **etag})

    def _supersede(self, later: Operation) -> None:
        """Azure/azure-cli#21156: a later PUT without If-Match cancels the one in flight."""
        earlier = self.running(later.work.top)
        if earlier is not None:
            earlier.fail(
                ArmError(
                    409,
                    CANCELED,
                    f"Operation {earlier.work.name} ({earlier.id}) was canceled and superseded by "
                    f"operation {later.work.name} ({later.id}).",
                )
            )

    def _run(self, operation: Operation, method: str, budget: Budget) -> None:
        code = budget.operation_error(method)
        stuck = budget.operation_stuck(method)
        lost = budget.operation_lost(method)
        if stuck:
            return

        def end() -> None:
            with self._lock:
                self._timers.discard(timer)
                if operation.status == "InProgress" and operation.id in self._known:
                    self._end(operation, code, keeps=budget.faults.operation_keeps)
                if lost:
                    self._known.pop(operation.id, None)

        timer = threading.Timer(budget.faults.operation_ms / 1000, end)
        timer.daemon = True
        if budget.faults.operation_ms <= 0:
            end()
            return
        self._timers.add(timer)
        timer.start()

    def _end(self, operation: Operation, code: str, *, keeps: bool) -> None:
        work = operation.work
        self._running.pop(key_of(work.top), None)
        if code:
            operation.fail(ArmError(500, code, f"The lab lets this operation end with {code}."))
            undo = Store.fail if keeps else Store.revert
            self._apply(lambda store: undo(store, work.top), operation.before)
            return
        operation.status = "Succeeded"
        self._apply(lambda store: _settle(store, work.top), operation.before)

    def _headers(
        self, operation: Operation, request: ArmRequest, budget: Budget
    ) -> Mapping[str, str]:
        version = request.query.get("api-version", "")
        host = request.headers.get("host", "")
        where = (
            f"https://{host}/subscriptions/{subscription_of(operation.work.top)}/providers/"
            f"{NAMESPACE}/locations/{self.location}"
        )
        status = f"{where}/operations/{operation.id}?api-version={version}"
        result = f"{where}/operationResults/{operation.id}?api-version={version}"
        headers = {"Azure-AsyncNotification": "Enabled"}
        if not budget.faults.operation_by_location:
            headers["Azure-AsyncOperation"] = status
        if budget.faults.operation_by_location or request.verb == "DELETE":
            headers["Location"] = result
        return {**headers, **retry_after(budget)}


def retry_after(budget: Budget) -> dict[str, str]:
    seconds = budget.faults.retry_after_s
    return {"Retry-After": str(seconds)} if seconds > 0 else {}


def _propose(store: Store, work: Work) -> None:
    store.propose(work.top, work.document)


def _settle(store: Store, resource: str) -> None:
    """Let the effect happen, and remember when which private addresses were let go."""
    before = {
        (key_of(config.network), str(config.address)): config
        for nic in store.every_effective("networkInterfaces")
        if key_of(nic["id"]) == key_of(resource)
        for config in configs_of(nic)
    }
    store.settle(resource)
    after: set[Any] = {
        (key_of(config.network), str(config.address)) for config in configs_of(store.get(resource))
    }
    for seat in set(before) - after:
        store.released[seat] = time.monotonic()
