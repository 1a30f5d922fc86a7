"""What an AWS API request asks for, read from its form and its signature's scope."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from cloudfail.lab.cloud.httpd import Incoming

_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
_READS = ("Describe", "Get", "List", "Search", "Simulate")
_STS = ("AssumeRole", "GetCallerIdentity", "GetSessionToken", "GetAccessKeyInfo")


class ApiRequest(msgspec.Struct, frozen=True):
    """`params` are flat, as the query protocol sends them (`PrivateIpAddress.1`)."""

    service: str
    operation: str
    params: Mapping[str, str]
    access_key: str

    @property
    def dry_run(self) -> bool:
        return self.params.get("DryRun", "").lower() == "true"

    @property
    def writes(self) -> bool:
        """Whether the operation could change EC2; a DryRun cannot."""
        reads = self.operation.startswith(_READS) or self.dry_run
        return self.service == "ec2" and not reads


def read_request(incoming: Incoming) -> ApiRequest:
    form = dict(parse_qsl(incoming.body.decode("utf-8", "replace"), keep_blank_values=True))
    params = {**incoming.query, **form}
    operation = params.pop("Action", "")
    params.pop("Version", None)
    scope = _SCOPE.search(incoming.headers.get("authorization", ""))
    service = scope["service"] if scope else _service_of(operation)
    return ApiRequest(service, operation, params, scope["key"] if scope else "")


def _service_of(operation: str) -> str:
    return "sts" if operation.startswith(_STS) else "ec2"
