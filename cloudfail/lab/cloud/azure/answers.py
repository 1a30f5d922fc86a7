"""ARM's own answers for what it refuses, at once or as the end of an operation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from cloudfail.lab.cloud.httpd import Reply

Json = dict[str, Any]
_JSON = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache"}
RETRYABLE = "RetryableError"
CANCELED = "CanceledAndSupersededDueToAnotherOperation"
_OUTER = {
    "RetryableErrorDueToAnotherOperation": (RETRYABLE, "A retryable error occurred."),
    "ReferencedResourceNotProvisioned": (RETRYABLE, "A retryable error occurred."),
    "PreconditionFailedEtagMismatch": ("PreconditionFailed", "Precondition failed."),
    CANCELED: ("Canceled", "Operation was canceled."),
}
"""Codes that come as details of another one. Microsoft's answers are quoted in
kubernetes/kubernetes#88151, hashicorp/terraform#7153, kubernetes-sigs/cloud-provider-azure#9729 and
kubernetes/kubernetes#81282."""


class ArmError(Exception):
    """A refusal. `code` is the innermost one: the detail of an outer code that clients see."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @property
    def document(self) -> Json:
        """What `error` of an answer is."""
        outer = _OUTER.get(self.code)
        inner: Json = {"code": self.code, "message": self.message, "details": []}
        if outer is None:
            return inner
        detail = {"code": self.code, "message": self.message}
        return {"code": outer[0], "message": outer[1], "details": [detail]}


class Answer(msgspec.Struct, frozen=True):
    """What a method found; `body` None is none at all."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = {}


def answered(answer: Answer, headers: Mapping[str, str]) -> Reply:
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    return Reply(answer.status, body, {**_JSON, **headers, **answer.headers})


def refusal(error: ArmError, headers: Mapping[str, str]) -> Reply:
    body = json.dumps({"error": error.document}).encode()
    return Reply(error.status, body, {**_JSON, **headers, **error.headers})


def code_of(reply: Reply) -> str:
    """Return the innermost code of a refusal, or of an operation's error."""
    if b'"error"' not in reply.body:
        return ""
    document = json.loads(reply.body)
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict):
        return ""
    details = error.get("details") or [error]
    return str(details[0]["code"])


def bad_request(code: str, message: str) -> ArmError:
    return ArmError(400, code, message)


def not_implemented(what: str) -> ArmError:
    return ArmError(501, "NotImplemented", f"The embedded Azure does not implement {what}.")
