"""The way of a request: log, faults, latency, contract, permissions, locks, method, contract."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from cloudfail.clock import SystemClock
from cloudfail.lab.cloud.azure import contract
from cloudfail.lab.cloud.azure.actions import action_of, denied_action, linked_of
from cloudfail.lab.cloud.azure.answers import (
    Answer,
    ArmError,
    answered,
    bad_request,
    code_of,
    not_implemented,
    refusal,
)
from cloudfail.lab.cloud.azure.iam import Iam
from cloudfail.lab.cloud.azure.look import look
from cloudfail.lab.cloud.azure.methods import READS, WRITES
from cloudfail.lab.cloud.azure.methods.context import Context
from cloudfail.lab.cloud.azure.operations import Operations
from cloudfail.lab.cloud.azure.request import ArmRequest, place_of
from cloudfail.lab.cloud.azure.rules import shape
from cloudfail.lab.cloud.azure.rules.locks import require_unlocked
from cloudfail.lab.cloud.azure.setting import Setting
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.throttle import Throttle
from cloudfail.lab.cloud.faults import Budget, Faults
from cloudfail.lab.cloud.httpd import ConnectionCutError, Incoming, Reply
from cloudfail.lab.cloud.ledger import Ledger
from cloudfail.lab.cloud.log import CallLog
from cloudfail.lab.cloud.memory import Memory

_LIVE = {"operations", "operationResults", "permissions", "locks"}


class Api:
    """ARM's networking with injected faults. Requests may come from any number of threads.

    `lock` is held while a method works; whoever touches the store takes it first.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.lock = threading.RLock()
        self.store = Store()
        self.operations = Operations(self.lock, self.store, self.apply)
        self.setting = Setting()
        self.iam = Iam(lambda: [denied_action(name) for name in self.faults.deny])
        self.log = CallLog("network", code_of)
        self.memory: Memory[Store] = Memory()
        self._ledger = ledger
        self._clock = SystemClock()
        self._budget = Budget(Faults())
        self._throttle = Throttle()

    @property
    def faults(self) -> Faults:
        return self._budget.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._budget = Budget(faults)
        self._throttle = Throttle()

    def start(self, store: Store, nodes: Mapping[str, str], setting: Setting) -> None:
        """Begin anew with these resources; `nodes`: interface id to name."""
        with self.lock:
            self.operations.clear()
            self.operations.location = setting.location
            self.store.become(store)
            self.setting = setting
            self.iam.tenant = setting.tenant
            self.memory = Memory()
            self.log.clear()
            self._ledger.start(look(self.store), nodes)

    def apply(self, effect: Callable[[Store], None], before: Store | None) -> None:
        """Let an effect happen, and record what changed hands.

        `before` is what stale reads show afterwards; None: there are none of it.
        """
        with self.lock:
            effect(self.store)
            if before is not None:
                self.memory.remember(before, self.faults)
            self._ledger.note(look(self.store))

    def handle(self, incoming: Incoming) -> Reply:
        call = self.log.begin(incoming)
        headers = _tracing(incoming)
        reply: Reply | None = None
        try:
            reply = answered(self._answer(incoming, call.note), headers)
        except ArmError as error:
            reply = refusal(error, headers)
        finally:
            call.end(reply)
        return reply

    def _answer(self, incoming: Incoming, note: Callable[[ArmRequest], None]) -> Answer:
        budget = self._budget
        if budget.faults.down:
            raise ConnectionCutError
        request = self._read(incoming)
        note(request)
        if budget.faults.latency_ms > 0:
            self._clock.sleep(budget.faults.latency_ms / 1000)
        self._refuse(request, budget)
        contract.require_version(request)
        self._check_request(request)
        answer = self._effect(request, budget)
        self._check_answer(request, answer)
        if budget.reset_after(request.method):
            raise ConnectionCutError
        return answer

    def _read(self, incoming: Incoming) -> ArmRequest:
        place = place_of(incoming.path)
        user = self.iam.user_of(incoming)
        if place is None:
            raise not_implemented(f"{incoming.method} {incoming.path}")
        try:
            body = json.loads(incoming.body) if incoming.body else None
        except ValueError as exc:
            words = f"{incoming.method} {incoming.path}: the body is not JSON: {exc}"
            self.log.violate(words)
            raise bad_request("InvalidRequestContent", words) from exc
        return ArmRequest(
            verb=incoming.method,
            target=place.target,
            types=contract.canonical(place.types),
            is_collection=place.is_collection,
            query=incoming.query,
            headers=incoming.headers,
            body=body,
            user=user,
        )

    def _refuse(self, request: ArmRequest, budget: Budget) -> None:
        if budget.reset_before(request.method):
            raise ConnectionCutError
        self._throttle.take(request, budget)
        error = budget.error(request.method)
        if error is not None:
            status, code = error
            raise ArmError(status, code, "An error was injected by the lab.")

    def _check_request(self, request: ArmRequest) -> None:
        if request.method not in READS and request.method not in WRITES:
            raise not_implemented(request.method)
        found = list(contract.check_request(request, self.setting.planted))
        if found:
            self.log.violate(f"{request.method}: {'; '.join(found)}")
            raise contract.unreadable(found)
        if request.method == "networkInterfaces.put":
            for rule in (shape.require_names, shape.require_ids, shape.require_addresses):
                rule(request.target, request.body)

    def _check_answer(self, request: ArmRequest, answer: Answer) -> None:
        found = list(contract.check_answer(request, answer.body, self.setting.planted))
        if found:
            words = f"{request.method}: {'; '.join(found)}"
            self.log.violate(words)
            raise ArmError(500, "InternalServerError", f"Contract violated: {words}")

    def _effect(self, request: ArmRequest, budget: Budget) -> Answer:
        with self.lock:
            request = self._spelled(request)
            self._authorize(request)
            if not request.writes:
                live = request.kind in _LIVE
                store = self.store if live else self.memory.shown(self.store, budget.faults)
                return READS[request.method](self._context(store, request, budget), request)
            require_unlocked(self._locks(budget), request.target, request.verb)
            work = WRITES[request.method](self._context(self.store, request, budget), request)
            if isinstance(work, Answer):
                return work
            return self.operations.begin(request, work, budget)

    def _spelled(self, request: ArmRequest) -> ArmRequest:
        if request.is_collection or request.types not in contract.MODELS:
            return request
        target = self.store.spelled(request.target, request.types)
        return msgspec.structs.replace(request, target=target)

    def _authorize(self, request: ArmRequest) -> None:
        if request.kind in {"operations", "operationResults"}:
            return  # their method asks for what the operation was about
        action = action_of(request)
        self.iam.require(request.user, action, request.target)
        for linked in linked_of(request):
            self.iam.require_linked(request.user, action, request.target, linked)

    def _locks(self, budget: Budget) -> Iterable[tuple[str, str]]:
        return [*self.setting.locks, *budget.faults.locks.items()]

    def _context(self, store: Store, request: ArmRequest, budget: Budget) -> Context:
        return Context(
            store=store,
            operations=self.operations,
            iam=self.iam,
            budget=budget,
            locks=self._locks(budget),
            zones=self.setting.zones,
            page_size=self.setting.page_size,
            endpoint=f"https://{request.headers.get('host', '')}",
        )


def _tracing(incoming: Incoming) -> dict[str, Any]:
    """Return the headers by which Microsoft's support finds a request again."""
    given = incoming.headers.get("x-ms-client-request-id", "")
    request = str(uuid.uuid4())
    return {
        "x-ms-request-id": request,
        "x-ms-correlation-request-id": request,
        **({"x-ms-client-request-id": given} if given else {}),
    }
