"""One EC2 call: paced, checked against the role, timed, reported, and its errors translated."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import botocore
from botocore.exceptions import ClientError
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError, ThrottledError
from cloudfail.provider import ApiCall, Setup
from cloudfail.throttle import Buckets

from cloudfail_aws.errors import EXPIRED, Context, answer_of, not_of_aws, translate
from cloudfail_aws.operations import DEFAULT_READ, DEFAULT_WRITE, LIMITS, is_mutating
from cloudfail_aws.sdk import Clients


class Api:
    """Calls EC2. Safe between threads; never retries, never sleeps.

    Every mutating request passes `setup.before_write` in the SDK's before-send hook, right before
    it would leave; what that raises comes out as it is, and nothing was sent.
    """

    def __init__(self, clients: Clients, setup: Setup, clock: Clock) -> None:
        self._clients = clients
        self._setup = setup
        self._clock = clock
        self._buckets = Buckets(LIMITS, DEFAULT_READ, DEFAULT_WRITE, clock)
        self._started = threading.local()
        clients.on_new(self._watch)

    def call(
        self,
        operation: str,
        params: Mapping[str, Any],
        *,
        role_arn: str = "",
        subject: str = "",
    ) -> Mapping[str, Any]:
        """Call `operation`; `subject` names its object in messages.

        Raises what `errors.translate` makes of any failure, and ThrottledError when EC2's
        published rate would be passed.
        """
        self._buckets.take(operation, mutating=is_mutating(operation))
        client = self._client(role_arn, Context(operation=operation, subject=subject))
        context = Context(operation=operation, subject=subject, endpoint=client.meta.endpoint_url)
        method = getattr(client, botocore.xform_name(operation))
        began = self._clock.now()
        try:
            answer: Mapping[str, Any] = method(**params)
        except Exception as exc:  # noqa: BLE001 - the table decides, and lets ours through
            error = translate(exc, context)
            self._note_failure(operation, params, began, exc, error)
            raise error from (None if error is exc else exc)
        metadata = answer.get("ResponseMetadata", {})
        self._report(operation, params, began, metadata)
        if not metadata.get("RequestId"):
            # A page that happens to be XML reads as "there is nothing": nobody would hold
            # anything. Whatever EC2 answers has an id.
            raise not_of_aws(context, "no request id")
        return answer

    def _client(self, role_arn: str, context: Context) -> Any:
        try:
            return self._clients.ec2(role_arn)
        except Exception as exc:
            if isinstance(exc, ClientError) and answer_of(exc).code in EXPIRED:
                self._clients.drop()
            raise translate(exc, context) from exc

    def endpoint(self) -> str:
        """Return the URL that EC2 calls go to."""
        return str(self._clients.ec2().meta.endpoint_url)

    def _watch(self, client: Any) -> None:
        events = client.meta.events
        events.register_first("before-send.ec2", self._before_send)
        events.register("before-send.sts", self._note_start)
        events.register("after-call.sts", self._note_assumed)

    def _before_send(self, request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if is_mutating(operation) and not _is_dry_run(request.body):
            self._setup.before_write(operation)

    def _note_start(self, **_: Any) -> None:
        self._started.at = self._clock.now()

    def _note_assumed(self, parsed: Mapping[str, Any], **_: Any) -> None:
        code = str(parsed.get("Error", {}).get("Code", ""))
        began = getattr(self._started, "at", self._clock.now())
        self._report("AssumeRole", {}, began, parsed.get("ResponseMetadata", {}), code)

    def _note_failure(
        self,
        operation: str,
        params: Mapping[str, Any],
        began: float,
        exc: Exception,
        error: CloudfailError,
    ) -> None:
        if error is exc:
            return  # the role check spoke: no request was sent
        if isinstance(error, ThrottledError):
            self._buckets.throttled(operation)
        if not isinstance(exc, ClientError):
            self._report(operation, params, began, {})
            return
        code = answer_of(exc).code
        if code in EXPIRED:
            self._clients.drop()
        self._report(operation, params, began, exc.response["ResponseMetadata"], code)

    def _report(
        self,
        operation: str,
        params: Mapping[str, Any],
        began: float,
        metadata: Any,
        code: str = "",
    ) -> None:
        self._setup.on_call(
            ApiCall(
                operation=operation,
                mutating=is_mutating(operation) and not params.get("DryRun", False),
                seconds=self._clock.now() - began,
                status=int(metadata.get("HTTPStatusCode", 0)),
                code=code,
                request_id=str(metadata.get("RequestId", "")),
            )
        )


def _is_dry_run(body: bytes | str) -> bool:
    text = body.decode("ascii") if isinstance(body, bytes) else body
    return "DryRun" in text and parse_qs(text).get("DryRun") == ["true"]
