"""Doing a step: one PUT of a document that was read, and the operation that it begins.

What shows the change already, but in the state `Failed`, is put again as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudfail.errors import ConflictError, NotFoundError, ProviderError, TransientError
from cloudfail.model import Step

from cloudfail_azure.errors import LOCKED
from cloudfail_azure.moves import FIRST
from cloudfail_azure.nics import Document, edit_of
from cloudfail_azure.routes import led_to, next_hop_of
from cloudfail_azure.unfinished import is_undone
from cloudfail_azure.waiting import Operations

# Returns the document to put; None when everything is as it has to be.
Change = Callable[[Document], Document | None]


def execute(operations: Operations, step: Step) -> None:
    """Send the step's request, and wait. Safe to repeat. Raises what `Writer.execute` allows."""
    do = _HANDLERS.get(step.call)
    if do is None:
        raise ProviderError(
            f"Azure has no step {step.call!r}: the plan was made by another provider"
        )
    do(operations, step)


def _put_interface(operations: Operations, step: Step) -> None:
    """Change the interface that was seen, if it is still that one; else as it is by now.

    An interface that is gone has nothing to release.
    """
    ref = str(step.params["id"])

    def change(document: Document) -> Document | None:
        edit = edit_of(document, step.params)
        return edit.document if edit.changed or is_undone(document) else None

    if first := str(step.conditions.get(FIRST) or step.params.get(FIRST, "")):
        operations.settled("networkInterfaces", first)
    try:
        seen = _usable(step) or operations.settled("networkInterfaces", ref)
        wanted = change(seen)
        if wanted is not None:
            _put(operations, "networkInterfaces", ref, wanted, str(seen.get("etag", "")), change)
    except NotFoundError as gone:
        if not step.releases or gone.code == "InvalidResourceReference":
            raise


def _usable(step: Step) -> Document | None:
    """Return the interface that was seen; None where nothing would tell that it is another by now."""
    seen: Document | None = step.conditions.get("document")
    return seen if seen and seen.get("etag") else None


def _put_route(operations: Operations, step: Step) -> None:
    """Change the route that was seen, if it is still that one; make it if there was none."""
    ref, route = str(step.params["id"]), step.params["route"]
    hop = str(route["properties"]["nextHopIpAddress"])

    def change(document: Document) -> Document | None:
        leads_to = next_hop_of(document)
        if leads_to == hop:
            return document if is_undone(document) else None
        if leads_to != step.conditions.get("nextHop"):
            raise ConflictError(f"{ref} leads to {leads_to} by now: look again")
        return led_to(document, hop)

    if etag := str(step.conditions.get("etag", "")):
        _put(operations, "routes", ref, dict(route), etag, change)
        return
    now = _route_now(operations, ref, step)
    wanted = change(now) if now is not None else dict(route)
    if wanted is not None:
        _put(operations, "routes", ref, wanted, str((now or {}).get("etag", "")), change)


def _route_now(operations: Operations, ref: str, step: Step) -> Document | None:
    """Return the route as it is by now; None when there is none, as when it was looked for."""
    try:
        return operations.settled("routes", ref)
    except NotFoundError:
        if "nextHop" in step.conditions:
            raise ConflictError(f"{ref} is gone by now: look again") from None
        return None


def _put(
    operations: Operations, kind: str, ref: str, wanted: Document, etag: str, change: Change
) -> None:
    """Put it. Refused because of another operation, wait for that: it may have been our own.

    Where that was the same, and failed, the same is put once more.
    """
    try:
        operations.put(kind, ref, wanted, etag)
    except (ConflictError, TransientError) as error:
        if isinstance(error, TransientError) and error.code not in LOCKED:
            raise
        now = operations.settled(kind, ref)
        still = change(now)
        if still is not None and still != now:
            raise
        if still is not None:
            operations.put(kind, ref, still, str(now.get("etag", "")))


_HANDLERS: Mapping[str, Callable[[Operations, Step], None]] = {
    "networkInterfaces.put": _put_interface,
    "routes.put": _put_route,
}
