"""The way of a request: log, faults, latency, contract, permissions, method, contract, ledger."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Collection, Mapping
from typing import Any

from cloudfail.clock import SystemClock
from cloudfail.lab.cloud.faults import Budget, Faults
from cloudfail.lab.cloud.gcp.answers import (
    ComputeError,
    Json,
    answer,
    code_of,
    denial,
    rate_limit,
    refusal,
)
from cloudfail.lab.cloud.gcp.contract import load_contract
from cloudfail.lab.cloud.gcp.derived import refresh
from cloudfail.lab.cloud.gcp.iam import Iam
from cloudfail.lab.cloud.gcp.look import look
from cloudfail.lab.cloud.gcp.methods import READS, WRITES
from cloudfail.lab.cloud.gcp.methods.context import Context
from cloudfail.lab.cloud.gcp.operations import Effect, Operations
from cloudfail.lab.cloud.gcp.permissions import needs_of
from cloudfail.lab.cloud.gcp.quota import Quota
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.lab.cloud.httpd import ConnectionCutError, Incoming, Reply
from cloudfail.lab.cloud.ledger import Ledger
from cloudfail.lab.cloud.log import CallLog
from cloudfail.lab.cloud.memory import Memory


class Api:
    """Compute v1 with injected faults. Requests may come from any number of threads.

    `lock` is held while a method works; whoever touches the store takes it first.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.contract = load_contract()
        self.lock = threading.RLock()
        self.store = Store()
        self.operations = Operations(self.lock, self.store, self.apply)
        self.iam = Iam()
        self.hosts: dict[str, str] = {}
        self.log = CallLog("compute", code_of)
        self.memory: Memory[Store] = Memory()
        self._ledger = ledger
        self._clock = SystemClock()
        self._budget = Budget(Faults())
        self._quota = Quota()

    @property
    def faults(self) -> Faults:
        return self._budget.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._budget = Budget(faults)

    def start(self, store: Store, nodes: Mapping[str, str], hosts: Mapping[str, str]) -> None:
        """Begin anew with these resources; `nodes`: interface id to name, `hosts` as in Context."""
        with self.lock:
            self.operations.clear()
            refresh(store)
            self.store.become(store)
            self.memory = Memory()
            self.hosts = dict(hosts)
            self._quota = Quota()
            self.log.clear()
            self._ledger.start(look(self.store), nodes)

    def apply(self, effect: Effect) -> None:
        """Let an effect happen, and record what changed hands; ComputeError: it did not."""
        with self.lock:
            before = self.store.past()
            effect(self.store)
            self.memory.remember(before, self.faults)
            refresh(self.store)
            self._ledger.note(look(self.store))

    def handle(self, incoming: Incoming) -> Reply:
        call = self.log.begin(incoming)
        reply: Reply | None = None
        try:
            reply = self._answer(incoming, call.note)
        except ComputeError as error:
            reply = refusal(error)
        finally:
            call.end(reply)
        return reply

    def _answer(self, incoming: Incoming, note: Any) -> Reply:
        budget = self._budget
        if budget.faults.down:
            raise ConnectionCutError
        request = self._read(incoming)
        note(request)
        if budget.faults.latency_ms > 0:
            self._clock.sleep(budget.faults.latency_ms / 1000)
        self._refuse(request, budget)
        self._check(
            self.contract.check_request(request.match, request.query, request.body), request
        )
        body = self._effect(request, budget)
        self._check(self.contract.check_answer(request.match.method, body), request)
        if budget.reset_after(request.method):
            raise ConnectionCutError
        return answer(body)

    def _read(self, incoming: Incoming) -> ComputeRequest:
        match = self.contract.find(incoming.method, incoming.path)
        if match is None:
            words = f"{incoming.method} {incoming.path}: Compute v1 has no such method"
            raise self._violation(words, status=404)
        try:
            body = json.loads(incoming.body) if incoming.body else None
        except ValueError as exc:
            raise self._violation(f"{match.method.id}: the body is not JSON: {exc}") from exc
        return ComputeRequest(match, incoming.query, body, self.iam.user_of(incoming))

    def _refuse(self, request: ComputeRequest, budget: Budget) -> None:
        if budget.reset_before(request.method):
            raise ConnectionCutError
        faults = budget.faults
        group = self._quota.take(
            request.project, request.method, faults.quota, faults.quota_minute_s
        )
        if group or budget.throttled(request.method):
            raise rate_limit(group or "queries", request.project, _retry_after(faults))
        error = budget.error(request.method)
        if error is not None:
            status, reason = error
            raise ComputeError(status, "An error was injected by the lab.", reason)
        if budget.denied(request.method):
            raise denial(f"compute.{request.method}", request.target)

    def _effect(self, request: ComputeRequest, budget: Budget) -> Json:
        with self.lock:
            self.iam.require(request.user, list(needs_of(self.store, request)))
            if not request.writes:
                return self._show(request, budget.faults)
            earlier = self.operations.of_request(request)
            if earlier is not None:
                return earlier
            method = WRITES.get(request.method)
            if method is None:
                raise self._missing(request)
            work = method(self._context(self.store, budget.faults), request)
            return self.operations.begin(request, work, budget)

    def _show(self, request: ComputeRequest, faults: Faults) -> Json:
        method = READS.get(request.method)
        if method is None:
            raise self._missing(request)
        is_live = "Operations." in request.method or request.method.endswith("Permissions")
        store = self.store if is_live else self.memory.shown(self.store, faults)
        return method(self._context(store, faults), request)

    def _context(self, store: Store, faults: Faults) -> Context:
        return Context(store, self.operations, self._may, faults.wait_ms / 1000, self.hosts)

    def _may(self, user: str, permissions: Collection[str], project: str) -> list[str]:
        held = self.iam.held(user, permissions, project)
        return [name for name in held if not self._budget.denied(name.removeprefix("compute."))]

    def _missing(self, request: ComputeRequest) -> ComputeError:
        return ComputeError(501, f"The embedded Google Cloud does not implement {request.method}.")

    def _check(self, problems: Any, request: ComputeRequest) -> None:
        found = list(problems)
        if found:
            raise self._violation(f"{request.method}: {'; '.join(found)}")

    def _violation(self, words: str, status: int = 500) -> ComputeError:
        self.log.violate(words)
        return ComputeError(status, f"Contract violated: {words}")


def _retry_after(faults: Faults) -> int:
    """Tell of a shorter minute, which nobody could know of; of Google's own nothing is told."""
    is_shorter = faults.quota_minute_s < Faults().quota_minute_s
    return math.ceil(faults.quota_minute_s) if is_shorter else 0
