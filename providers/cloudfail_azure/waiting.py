"""Long-running operations: begun once, asked after at our own pace, and joined, never overridden.

Source: azure-resource-manager/management/async-operations: `Azure-AsyncOperation` before `Location`,
`Retry-After` where it is given, and the operation has finished with Succeeded, Failed or Canceled.
The SDK's own pollers ask every 30 s where no `Retry-After` is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from cloudfail.clock import Clock
from cloudfail.errors import ConflictError, DeniedError, NotFoundError, TransientError
from cloudfail.retry_after import retry_after

from cloudfail_azure.answers import Context
from cloudfail_azure.api import Api
from cloudfail_azure.errors import BY_CODE, from_answer, read_answer
from cloudfail_azure.exceptions import not_of_azure
from cloudfail_azure.nics import Document, is_settled, state_of
from cloudfail_azure.sdk import Reply
from cloudfail_azure.unfinished import UNDONE, again_by_hand, is_undone, reason_of

FIRST_PAUSE, MOST_PAUSE = 0.2, 2.0
# Of the time that it takes already: what is noticed late is a part of what it took anyway.
GROWTH = 0.2
MOST_SECONDS = 60.0
# A role that was lost meanwhile, or a stop, is noticed no later than this.
NOTICED_SECONDS = 1.0
_ACCEPTED = 202
_ASYNC, _LOCATION = "azure-asyncoperation", "location"


def pause_after(waited: float, asked: float | None) -> float:
    """Return how long to wait before asking again; `asked` is the cloud's wish, in seconds."""
    if asked is not None:
        return max(FIRST_PAUSE, asked)
    return min(MOST_PAUSE, max(FIRST_PAUSE, waited * GROWTH))


class Operations:
    """Sends PUTs and waits for them. Safe between threads; knows nothing between two calls.

    What a dead process began is joined all the same: a resource says itself that it is being
    changed.
    """

    def __init__(
        self, api: Api, clock: Clock, while_waiting: Callable[[str], None] = lambda _: None
    ) -> None:
        self._api = api
        self._clock = clock
        self._while_waiting = while_waiting

    def put(self, kind: str, resource_id: str, document: Document, etag: str) -> None:
        """Replace a resource, if it is still the one with this ETag; return when Azure is done.

        `kind` is the resource's type. Raises what `errors.from_answer` makes of a refusal,
        ConflictError for an operation that another one superseded, or that Azure forgot, and
        TransientError when it takes very long: whoever comes again waits on.
        """
        call = f"{kind}.put"
        reply = self._api.call(call, resource_id, body=document, if_match=etag)
        context = Context(operation=call, subject=resource_id, endpoint=self._api.endpoint)
        if url := reply.headers.get(_ASYNC):
            self._follow(url, reply, context)
        elif url := reply.headers.get(_LOCATION):
            self._follow_location(url, reply, context)
        else:
            body = reply.body if _is_settled(reply) else self.settled(kind, resource_id)
            if is_undone(body):
                raise TransientError(
                    f"{context}: {reason_of(resource_id, body)}", code=state_of(body)
                )

    def settled(self, kind: str, resource_id: str) -> Document:
        """Return the resource once nobody is changing it: another's write is waited for.

        Raises NotFoundError when there is none, TransientError when it takes very long.
        """
        began = self._clock.now()
        while True:
            reply = self._api.call(f"{kind}.get", resource_id)
            document = self._document(reply, f"{kind}.get", resource_id)
            if is_settled(document):
                return document
            self._wait(began, reply, reason_of(resource_id, document))

    def _document(self, reply: Reply, call: str, resource_id: str) -> Document:
        if isinstance(reply.body, dict) and isinstance(reply.body.get("properties"), dict):
            return reply.body
        context = Context(operation=call, subject=resource_id, endpoint=self._api.endpoint)
        raise not_of_azure(context, "a resource without properties")

    def _follow(self, url: str, reply: Reply, context: Context) -> None:
        """Ask until the operation says that it is over."""
        began = self._clock.now()
        while True:
            self._wait(began, reply, f"{context} is under way")
            reply = self._ask("operations.get", url, context)
            status = _status_of(reply, context)
            if status == "Succeeded":
                return
            if status in UNDONE:
                raise _failure(reply.body, status, context)

    def _follow_location(self, url: str, reply: Reply, context: Context) -> None:
        """Ask until the answer is no longer 202; what was refused comes as an error."""
        began = self._clock.now()
        while True:
            self._wait(began, reply, f"{context} is under way")
            reply = self._ask("operationResults.get", url, context)
            if reply.status != _ACCEPTED:
                return

    def _ask(self, call: str, url: str, context: Context) -> Reply:
        try:
            return self._api.call(call, url)
        except (NotFoundError, DeniedError) as exc:
            # Who may write one resource only may not ask (management/async-operations): that says
            # nothing of the operation, and the resource tells as well.
            if isinstance(exc, DeniedError) and exc.code != "AuthorizationFailed":
                raise
            raise ConflictError(
                f"{context}: Azure does not tell of the operation ({exc.code}): look again",
                code=exc.code,
            ) from exc

    def _wait(self, began: float, reply: Reply, what: str) -> None:
        waited = self._clock.now() - began
        if waited >= MOST_SECONDS:
            raise TransientError(f"{what} after {waited:.0f} s; it is waited for again")
        pause = pause_after(waited, retry_after(reply.headers))
        left = min(pause, MOST_SECONDS - waited)
        until = self._clock.now() + left
        self._while_waiting(what)
        while left > 0:
            self._clock.sleep(min(left, NOTICED_SECONDS))
            self._while_waiting(what)
            left = until - self._clock.now()


def _is_settled(reply: Reply) -> bool:
    """True where the answer itself is the resource as it is from now on."""
    if reply.status == _ACCEPTED or not isinstance(reply.body, Mapping):
        return False
    return is_settled(reply.body)


def _status_of(reply: Reply, context: Context) -> str:
    if isinstance(reply.body, Mapping) and reply.body.get("status"):
        return str(reply.body["status"])
    raise not_of_azure(context, "an operation without a status")


def _failure(body: Any, status: str, context: Context) -> Exception:
    """Return the error. What Azure accepted and failed for a reason of its own is asked for again."""
    answer = read_answer(body)
    if answer is None:
        return ConflictError(
            f"{context}: the operation ended as {status}, and does not say why: look again",
            code=status,
        )
    left = f"it may have left it {status} (by hand: {again_by_hand(context.subject)})"
    told = msgspec.structs.replace(answer, message=f"{answer.message.rstrip('.')}; {left}")
    if answer.code not in BY_CODE:
        return TransientError(f"{context}: {told.code}: {told.message}", code=told.code)
    return from_answer(told, context)
