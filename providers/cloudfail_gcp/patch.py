"""The PATCH of a network interface, by a request of our own.

google-cloud-compute sends no `aliasIpRanges` when the list is empty, so that the last alias range
would never go (googleapis/google-cloud-python#11931). This sends what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import from_http_response
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.compute_v1 import Operation

_PATH = (
    "{host}/compute/v1/projects/{project}/zones/{zone}/instances/{instance}/updateNetworkInterface"
)
_FIRST_ERROR = 300


class InterfacePatch:
    """Built and called as the SDK's clients are."""

    def __init__(self, *, credentials: Credentials, client_options: ClientOptions) -> None:
        self._host = str(client_options.api_endpoint).rstrip("/")
        self._session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]

    def patch(self, *, request: Mapping[str, Any], timeout: float, retry: None) -> Any:
        """Return the operation. `body` in the request is JSON as the reference has it."""
        del retry
        answer = self._session.patch(
            _PATH.format(host=self._host, **request),
            params={
                "networkInterface": request["network_interface"],
                "requestId": request["request_id"],
            },
            json=request["body"],
            timeout=timeout,
        )
        if answer.status_code >= _FIRST_ERROR:
            raise from_http_response(answer)  # type: ignore[no-untyped-call]
        return Operation.from_json(answer.content, ignore_unknown_fields=True)
