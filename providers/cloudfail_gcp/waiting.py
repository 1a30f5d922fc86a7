"""Operations: begun once, waited for by Compute's own long poll, and joined, never doubled."""

from __future__ import annotations

import json
import math
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cloudfail.clock import Clock
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    NotFoundError,
    SupersededError,
    TransientError,
)
from cloudfail.model import to_json

from cloudfail_gcp.api import Api
from cloudfail_gcp.errors import Answer, Context, from_answer
from cloudfail_gcp.links import name_of, part_of, path_of
from cloudfail_gcp.under_way import Running, UnderWay, scope_of, target_of

# A long poll ends by itself after two minutes; a dead connection is to be noticed sooner.
POLL_SECONDS = 20.0
MOST_SECONDS = 90.0
# Nobody comes again for what was begun before that: no run lasts longer, see `ProviderSpec.deadline`.
KEPT_SECONDS = 120.0


class Pending:
    """What was begun and has not been seen to end: the request id, and the operation if known.

    `left` is when whoever did it left it with its outcome unknown; never, while it is being done.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.request_id = str(uuid.uuid4())
        self.left = math.inf
        self.operation: Any = None
        self.was_sent = False


class Operations:
    """Sends mutating calls and waits for them. Safe between threads; never sends one twice.

    A call that is repeated soon while its first outcome is unknown has the same requestId, so that
    Compute answers with the same operation; one whose operation is known is waited for. So is
    one that another process began, or this one before it died: `under_way` has what was seen.
    """

    def __init__(self, api: Api, clock: Clock, while_waiting: Callable[[str], None]) -> None:
        self._api = api
        self._clock = clock
        self._while_waiting = while_waiting
        self.under_way = UnderWay()
        self._pending: dict[str, Pending] = {}
        self._lock = threading.Lock()

    def run(self, operation: str, request: Mapping[str, Any], subject: str) -> None:
        """Return when Compute says DONE. Raises what `errors.translate` makes of its error.

        ConflictError after another operation on the same object: look again.
        """
        key = json.dumps([operation, to_json(request)], sort_keys=True)
        context = Context(operation=operation, subject=subject)
        target = target_of(operation, request)
        if not self._is_known(key):
            self._join(target, context)
        pending = self._take(key, target)
        try:
            if pending.operation is None:
                pending.operation = self._begin(operation, request, subject, pending)
            done = self._wait(pending.operation, context)
        except TransientError:
            pending.left = self._clock.now()
            raise  # nobody knows how it ends: whoever comes again joins it
        except CloudfailError:
            self._forget(key)
            raise
        self._forget(key)
        _raise_error(done, context)

    def see(self, running: Mapping[str, Running], began: float) -> None:
        """Take what a look saw under way, by scope; `began` is when that look did.

        What was left before and is not among it has ended: the same call is another one from now on.
        """
        self.under_way.see(running)

        def is_over(one: Pending) -> bool:
            scope = scope_of(one.target)
            return one.left < began and scope in running and one.target not in running[scope]

        self._drop(is_over)

    def _is_known(self, key: str) -> bool:
        """Say whether this request was begun a short while ago. A later one like it is another."""
        since = self._clock.now() - KEPT_SECONDS
        self._drop(lambda one: one.left < since)
        with self._lock:
            return key in self._pending

    def _drop(self, is_over: Callable[[Pending], bool]) -> None:
        with self._lock:
            self._pending = {k: one for k, one in self._pending.items() if not is_over(one)}

    def _take(self, key: str, target: str) -> Pending:
        with self._lock:
            pending = self._pending.setdefault(key, Pending(target))
        pending.left = math.inf
        return pending

    def _begin(
        self, operation: str, request: Mapping[str, Any], subject: str, pending: Pending
    ) -> Any:
        """Send it. A repeat that finds nothing may have had its effect: ConflictError, look again."""
        is_repeat, pending.was_sent = pending.was_sent, True
        try:
            asked = {**request, "request_id": pending.request_id}
            return self._api.call(operation, asked, subject=subject)
        except NotFoundError as exc:
            if not is_repeat:
                raise
            raise ConflictError(f"{exc}: look again", code=exc.code) from exc

    def _join(self, target: str, context: Context) -> None:
        other = self.under_way.on(target)
        if other is None:
            return
        try:
            self._wait(other, context)
        except (TransientError, SupersededError):
            raise  # it goes on: whoever comes again joins it
        except CloudfailError:
            self.under_way.ended(other)
            raise
        raise ConflictError(
            f"{context}: the operation {other.name} was under way already: look again"
        )

    def _forget(self, key: str) -> None:
        with self._lock:
            self._pending.pop(key, None)

    def _wait(self, operation: Any, context: Context) -> Any:
        until = self._clock.now() + MOST_SECONDS
        while True:
            seen = self._poll(operation, context)
            if seen is not None and seen.status.name == "DONE":
                self.under_way.ended(operation)
                return seen
            if self._clock.now() >= until:
                raise TransientError(
                    f"{context}: {operation.name} is not done after {MOST_SECONDS:g} s; it is "
                    "waited for again"
                )
            self._while_waiting(f"{context}: {operation.name} is under way")

    def _poll(self, operation: Any, context: Context) -> Any:
        """Ask once; None when the poll ended without an answer. ConflictError when it is lost."""
        path = path_of(operation.self_link)
        scope = {"project": part_of(path, "projects"), "operation": name_of(path)}
        for kind in ("zone", "region"):
            if name := part_of(path, f"{kind}s"):
                return self._ask(f"{kind}Operations.wait", {**scope, kind: name}, context)
        return self._ask("globalOperations.wait", scope, context)

    def _ask(self, method: str, request: Mapping[str, Any], context: Context) -> Any:
        try:
            return self._api.call(
                method, request, subject=str(request["operation"]), timeout=POLL_SECONDS
            )
        except NotFoundError as exc:
            raise ConflictError(
                f"{context}: Compute no longer knows the operation {request['operation']}: look "
                "again",
                code=exc.code,
            ) from exc


def _raise_error(operation: Any, context: Context) -> None:
    """Raise the error inside of a finished operation, if it has one; HTTP said 200 all the same."""
    errors = operation.error.errors
    if not errors:
        return
    first = errors[0]
    raise from_answer(
        Answer(
            code=first.code,
            message=first.message,
            status=int(operation.http_error_status_code or 0),
        ),
        context,
    )
