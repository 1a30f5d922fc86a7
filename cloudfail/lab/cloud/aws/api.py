"""The way of a request: log, faults, latency, then moto under one lock, then the ledger."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping

from cloudfail.clock import SystemClock
from cloudfail.lab.cloud.aws.answers import denial, refusal, throttling
from cloudfail.lab.cloud.aws.engine import SERVICES, Engine
from cloudfail.lab.cloud.aws.iam import Iam
from cloudfail.lab.cloud.aws.look import look
from cloudfail.lab.cloud.aws.memory import Memory
from cloudfail.lab.cloud.aws.owners import refuse_foreign_table
from cloudfail.lab.cloud.aws.request import ApiRequest, read_request
from cloudfail.lab.cloud.faults import Budget, Faults
from cloudfail.lab.cloud.httpd import ConnectionCutError, Incoming, Reply
from cloudfail.lab.cloud.ledger import Ledger
from cloudfail.lab.cloud.records import Call

_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_REQUEST_ID = re.compile(rb"<[rR]equestI[dD]>([^<]*)</")


class Api:
    """EC2, STS and IAM with injected faults. Requests may come from any number of threads.

    `lock` is held while moto works; whoever touches the engine's backends takes it first.
    """

    def __init__(self, engine: Engine, ledger: Ledger) -> None:
        self.engine = engine
        self.ledger = ledger
        self.lock = threading.RLock()
        self.iam = Iam(engine)
        self.table_owners: dict[str, str] = {}
        self._clock = SystemClock()
        self._budget = Budget(Faults())
        self.memory = Memory()
        self._calls: list[Call] = []
        self._calls_lock = threading.Lock()

    @property
    def faults(self) -> Faults:
        return self._budget.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._budget = Budget(faults)

    def calls(self, since: int = 0) -> list[Call]:
        with self._calls_lock:
            return self._calls[max(since, 0) :]

    def start(self, nodes: Mapping[str, str]) -> None:
        """Begin anew: no calls, no changes, nothing stale; `nodes`: interface id to name."""
        with self.lock, self._calls_lock:
            self._calls = []
            self.memory = Memory()
            self.ledger.start(look(self.engine.ec2), nodes)

    def handle(self, incoming: Incoming) -> Reply:
        arrived = time.monotonic()
        request = read_request(incoming)
        reply: Reply | None = None
        try:
            reply = self._answer(request, incoming, self._budget)
        finally:
            self._log(arrived, request, incoming.source, reply)
        return reply

    def lab_call(self, operation: str, params: Mapping[str, str], service: str = "ec2") -> str:
        """Call past faults and log; the changes are recorded. RuntimeError when refused."""
        with self.lock:
            text = self.engine.call(operation, params, service)
            self.ledger.note(look(self.engine.ec2))
        return text

    def _answer(self, request: ApiRequest, incoming: Incoming, budget: Budget) -> Reply:
        if budget.faults.down:
            raise ConnectionCutError
        if budget.faults.latency_ms > 0:
            self._clock.sleep(budget.faults.latency_ms / 1000)
        refused = self._refuse(request, budget) or self._judge(request, incoming)
        if refused is not None:
            return refused
        reply = self._effect(request, incoming, budget.faults)
        if budget.reset_after(request.operation):
            raise ConnectionCutError
        return reply

    def _refuse(self, request: ApiRequest, budget: Budget) -> Reply | None:
        if request.service not in SERVICES:
            message = f"This cloud has no service {request.service!r}"
            return refusal(400, "InvalidAction", message, request.service)
        if budget.reset_before(request.operation):
            raise ConnectionCutError
        if budget.throttled(request.operation):
            return throttling(request.service)
        error = budget.error(request.operation)
        if error is not None:
            return refusal(*error, service=request.service)
        if budget.denied(request.operation):
            principal = self.iam.principal_of(request.access_key)
            return denial(f"{request.service}:{request.operation}", principal)
        return None

    def _judge(self, request: ApiRequest, incoming: Incoming) -> Reply | None:
        account = self.iam.account_of(request.access_key)
        with self.lock:
            return (
                self.iam.refuse(request, incoming)
                or self.iam.identity(request)
                or refuse_foreign_table(request, account, self.table_owners)
            )

    def _effect(self, request: ApiRequest, incoming: Incoming, faults: Faults) -> Reply:
        with self.lock:
            ec2 = self.engine.ec2
            if not request.writes:
                return self._read(request, incoming, faults)
            self.memory.remember(ec2, faults)
            reply = self.engine.answer(request.service, incoming)
            self.ledger.note(look(ec2))
            return reply

    def _read(self, request: ApiRequest, incoming: Incoming, faults: Faults) -> Reply:
        with self.memory.shown(self.engine.ec2, request, faults):
            reply = self.engine.answer(request.service, incoming)
        if request.operation == "AssumeRole":
            role = request.params.get("RoleArn", "")
            self.iam.sessions.note_assumed(role, reply.body.decode())
        return reply

    def _log(self, arrived: float, request: ApiRequest, source: str, reply: Reply | None) -> None:
        body = b"" if reply is None else reply.body
        status = 0 if reply is None else reply.status
        with self._calls_lock:
            self._calls.append(
                Call(
                    t=arrived,
                    operation=request.operation,
                    mutating=request.writes,
                    status=status,
                    seconds=time.monotonic() - arrived,
                    params=request.params,
                    source=source,
                    code=_first(_CODE, body) if status >= 300 else "",  # noqa: PLR2004 - HTTP
                    request_id=_first(_REQUEST_ID, body),
                    number=len(self._calls) + 1,
                    service=request.service,
                    principal=self.iam.principal_of(request.access_key),
                )
            )


def _first(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return found[1].decode() if found else ""
