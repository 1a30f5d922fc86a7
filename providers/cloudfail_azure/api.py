"""One request to Azure Resource Manager: paced, checked against the role, timed, reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError
from cloudfail.provider import ApiCall, Setup
from cloudfail.retry_after import retry_after
from cloudfail.throttle import Buckets

from cloudfail_azure.answers import Answer, Context
from cloudfail_azure.errors import expired, from_answer, read_answer
from cloudfail_azure.exceptions import not_of_azure, translate
from cloudfail_azure.links import subscription_of
from cloudfail_azure.metadata import Metadata
from cloudfail_azure.operations import READ, WRITE, is_mutating, verb_of, version_of
from cloudfail_azure.sdk import Client, Reply, Request

_OK, _REDIRECT, _ERROR = 200, 300, 400
# A gateway in front of ARM says so without a code, too.
_PASSING = frozenset({408, 429})


class Api:
    """Calls ARM. Safe between threads; never retries, never sleeps.

    Every mutating request passes `setup.before_write` right before it would leave; what that
    raises comes out as it is, and nothing was sent.
    """

    def __init__(self, setup: Setup, metadata: Metadata, clock: Clock) -> None:
        self._setup = setup
        self._clock = clock
        self._client = Client(setup, metadata)
        self._buckets = Buckets({}, READ, WRITE, clock)

    @property
    def endpoint(self) -> str:
        return self._client.endpoint

    def call(
        self,
        operation: str,
        target: str,
        *,
        body: Any = None,
        if_match: str = "",
        query: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send `operation` ("networkInterfaces.put") to a resource's id, or to a URL of ARM's.

        `body` is JSON, sent as it is. Of a URL path and query are used: no token of ours goes to
        another host. Raises what `errors.from_answer` and `exceptions.translate` make of a failure,
        and ThrottledError when ARM's published limits would be passed.
        """
        version = version_of(operation, self._setup.settings.api_version)
        return self._send(
            Request(
                operation=operation,
                verb=verb_of(operation),
                path=self._path(target),
                query={**(query or {}), **({"api-version": version} if version else {})},
                body=body,
                headers={"If-Match": if_match} if if_match else {},
            )
        )

    def pages(
        self, operation: str, target: str, query: Mapping[str, str] | None = None
    ) -> list[Any]:
        """Return the items of every page of a collection."""
        reply = self.call(operation, target, query=query)
        found: list[Any] = []
        while True:
            items = reply.body.get("value")
            if not isinstance(items, list):
                # Any other JSON reads as "there is nothing": nobody would hold anything.
                raise not_of_azure(self._context(operation, target), "a list without a value")
            found += items
            if not reply.body.get("nextLink"):
                return found
            # It has every parameter already.
            link = self._path(str(reply.body["nextLink"]))
            reply = self._send(Request(operation=operation, verb="GET", path=link))

    def _send(self, request: Request) -> Reply:
        self._buckets.take(_bucket(request), mutating=is_mutating(request.verb))
        context = self._context(request.operation, request.path)
        began = self._clock.now()
        try:
            reply = self._client.send(request)
        except Exception as exc:  # noqa: BLE001 - the table decides, and lets ours through
            error = translate(exc, context)
            if error is not exc:  # else the role check spoke: no request was sent
                self._report(request, began, Reply(status=0))
            raise error from (None if error is exc else exc)
        answer = read_answer(reply.body, reply.status, reply.headers)
        failed = reply.status >= _ERROR
        self._report(request, began, reply, answer.code if failed and answer else "")
        if failed:
            raise self._failure(reply, answer, context)
        # What is accepted, or has no content, has no JSON: an operation that is asked after.
        tells = request.verb == "GET" and reply.status == _OK
        if reply.status >= _REDIRECT or (tells and not isinstance(reply.body, dict)):
            raise not_of_azure(context, f"HTTP {reply.status} without its JSON")
        return reply

    def _failure(self, reply: Reply, answer: Answer | None, context: Context) -> CloudfailError:
        if answer is not None and reply.is_stale:
            return expired(context, answer)
        if answer is None and reply.status in _PASSING:
            code, asked = f"HTTP {reply.status}", retry_after(reply.headers)
            answer = Answer(
                code=code, message="no reason is given", status=reply.status, retry_after=asked
            )
        if answer is None:
            return not_of_azure(context, f"HTTP {reply.status} without a code", reply.status)
        return from_answer(answer, context)

    def _path(self, target: str) -> str:
        """Return path and query of a URL, below the endpoint's own path; or the id as it is."""
        parts = urlsplit(target)
        above = urlsplit(self.endpoint).path if parts.netloc else ""
        path = parts.path.removeprefix(above) if parts.path.startswith(f"{above}/") else parts.path
        return f"{path}?{parts.query}" if parts.query else path

    def _context(self, operation: str, target: str) -> Context:
        return Context(operation=operation, subject=urlsplit(target).path, endpoint=self.endpoint)

    def _report(self, request: Request, began: float, reply: Reply, code: str = "") -> None:
        self._setup.on_call(
            ApiCall(
                operation=request.operation,
                mutating=is_mutating(request.verb),
                seconds=self._clock.now() - began,
                status=reply.status,
                code=code,
                request_id=reply.headers.get("x-ms-request-id", ""),
            )
        )


def _bucket(request: Request) -> str:
    """Name what ARM counts: reads and writes, by subscription."""
    kind = "writes" if is_mutating(request.verb) else "reads"
    return f"{kind} {subscription_of(urlsplit(request.path).path)}"
