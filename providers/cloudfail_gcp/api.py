"""One call of Compute: paced, checked against the role, timed, reported, errors translated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cloudfail.clock import Clock, wall_clock
from cloudfail.errors import CloudfailError, ThrottledError
from cloudfail.provider import ApiCall, Setup
from cloudfail.throttle import Buckets
from google.api_core.exceptions import GoogleAPICallError

from cloudfail_gcp.errors import Context, answer_of, not_of_google, translate
from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.operations import LIMIT, METHODS, Method, is_mutating
from cloudfail_gcp.sdk import Clients

TIMEOUT_SECONDS = 5.0
_MINUTE = 60.0
_OK = 200


class Api:
    """Calls Compute. Safe between threads; never retries, never sleeps.

    Every mutating request passes `setup.before_write` right before it would leave; what that
    raises comes out as it is, and nothing was sent.
    """

    def __init__(self, setup: Setup, metadata: Metadata, clock: Clock) -> None:
        self._setup = setup
        self._clock = clock
        self._clients = Clients(setup, metadata, self._check)
        self._buckets = Buckets({}, LIMIT, LIMIT, clock)
        self._throttled_in: dict[str, int] = {}

    @property
    def endpoint(self) -> str:
        return self._clients.endpoint

    @property
    def said(self) -> float:
        """Google's own time, of the last look at operations: what it made is dated by that."""
        return float(self._clients.client("Rest").said)

    def call(
        self,
        operation: str,
        request: Mapping[str, Any],
        *,
        subject: str = "",
        timeout: float = TIMEOUT_SECONDS,
    ) -> Any:
        """Call `operation`; `request` has the SDK's names, `subject` names its object in messages.

        Raises what `errors.translate` makes of any failure, and ThrottledError when the
        project's published quota would be passed.
        """
        method = METHODS[operation]
        context = Context(operation=operation, subject=subject, endpoint=self.endpoint)
        self._buckets.take(method.group, mutating=False)
        began = self._clock.now()
        try:
            client = self._clients.client(method.client)
            answer = getattr(client, method.call)(
                request=dict(request), timeout=timeout, retry=None
            )
        except Exception as exc:  # noqa: BLE001 - the table decides, and lets ours through
            error = self._of_quota(translate(exc, context), method)
            self._report_failure(operation, method, began, exc, error)
            raise error from (None if error is exc else exc)
        self._report(operation, method, began, _OK)
        if getattr(answer, "kind", None) == "":
            # Any other JSON reads as "there is nothing": nobody would hold anything. What Compute
            # answers says its kind.
            raise not_of_google(context, "no kind")
        return answer

    def pages(self, operation: str, request: Mapping[str, Any]) -> list[Any]:
        """Return the items of every page; of an aggregated list pairs of scope and items."""
        found: list[Any] = []
        token = ""
        while True:
            # One by one: the SDK's own iterator would call past this module.
            page = self.call(operation, {**request, "page_token": token} if token else request)
            items = page.items
            found += items.items() if hasattr(items, "items") else items
            token = page.next_page_token
            if not token:
                return found

    def _check(self, verb: str, url: str) -> None:
        path = urlsplit(url).path
        if is_mutating(verb, path):
            self._setup.before_write(path.rpartition("/")[2])

    def _of_quota(self, error: CloudfailError, method: Method) -> CloudfailError:
        """Told twice in a minute: wait for the next, when Google refills the quota.

        What Google itself says of when to come again goes before that.
        """
        if not isinstance(error, ThrottledError) or error.retry_after is not None:
            return error
        minute, into = divmod(wall_clock(), _MINUTE)
        again = self._throttled_in.get(method.group) == int(minute)
        self._throttled_in[method.group] = int(minute)
        if not again:
            return error
        return ThrottledError(str(error), code=error.code, retry_after=_MINUTE - into)

    def _report_failure(
        self, operation: str, method: Method, began: float, exc: Exception, error: CloudfailError
    ) -> None:
        if error is exc:
            return  # the role check spoke: no request was sent
        answer = answer_of(exc) if isinstance(exc, GoogleAPICallError) else None
        status = int(exc.code or 0) if isinstance(exc, GoogleAPICallError) else 0
        self._report(operation, method, began, status, answer.code if answer else "")

    def _report(
        self, operation: str, method: Method, began: float, status: int, code: str = ""
    ) -> None:
        self._setup.on_call(
            ApiCall(
                operation=operation,
                mutating=method.mutating,
                seconds=self._clock.now() - began,
                status=status,
                code=code,
            )
        )
