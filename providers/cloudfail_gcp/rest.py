"""Requests of our own, over one session: the PATCH of an interface, and operations.

google-cloud-compute sends no `aliasIpRanges` when the list is empty, so that the last alias range
would never go (googleapis/google-cloud-python#11931). This sends what it is given. And each of its
clients has a session of its own, so that the first wait of a process would open a connection while
nobody holds the address; here each look keeps one open, by the list of running operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import from_http_response
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.compute_v1.types import Operation, OperationList
from requests import Session

_PATCH = "zones/{zone}/instances/{instance}/updateNetworkInterface"
_SCOPES = {"zone": "zones/{zone}", "region": "regions/{region}", "global": "global"}
_FIRST_ERROR = 300


class Rest:
    """Built and called as the SDK's clients are; a request has the words of the SDK's.

    `said` is Google's own time as of the last answer, in seconds since the epoch; 0 before one.
    """

    def __init__(self, *, credentials: Credentials, client_options: ClientOptions) -> None:
        host = str(client_options.api_endpoint).rstrip("/")
        self._root = f"{host}/compute/v1/projects/{{project}}/"
        self.session: Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
        self.said = 0.0

    def patch(self, *, request: Mapping[str, Any], timeout: float, retry: None) -> Any:
        """Return the operation. `body` in the request is JSON as the reference has it."""
        del retry
        names = {
            "networkInterface": request["network_interface"],
            "requestId": request["request_id"],
        }
        more = {"params": names, "json": request["body"]}
        return _operation(self._send("PATCH", _PATCH, request, timeout, more))

    def wait(self, *, request: Mapping[str, Any], timeout: float, retry: None) -> Any:
        """Return the operation when it is done, or as it is when Compute has waited enough."""
        del retry
        path = _SCOPES[_scope_of(request)] + "/operations/{operation}/wait"
        return _operation(self._send("POST", path, request, timeout, {}))

    def list(self, *, request: Mapping[str, Any], timeout: float, retry: None) -> Any:
        """Return one page of a scope's operations."""
        del retry
        names = {"filter": request["filter"], "pageToken": request.get("page_token")}
        path = _SCOPES[_scope_of(request)] + "/operations"
        content = self._send("GET", path, request, timeout, {"params": names})
        return OperationList.from_json(content, ignore_unknown_fields=True)

    def _send(
        self,
        verb: str,
        path: str,
        request: Mapping[str, Any],
        timeout: float,
        more: Mapping[str, Any],
    ) -> bytes:
        url = (self._root + path).format(**request)
        answer = self.session.request(verb, url, timeout=timeout, **more)
        self.said = _time_of(answer.headers.get("Date", "")) or self.said
        if answer.status_code >= _FIRST_ERROR:
            raise from_http_response(answer)  # type: ignore[no-untyped-call]
        return bytes(answer.content)


def _scope_of(request: Mapping[str, Any]) -> str:
    return next((scope for scope in ("zone", "region") if scope in request), "global")


def _time_of(header: str) -> float:
    try:
        return parsedate_to_datetime(header).timestamp()
    except ValueError:
        return 0.0


def _operation(content: bytes) -> Any:
    return Operation.from_json(content, ignore_unknown_fields=True)
