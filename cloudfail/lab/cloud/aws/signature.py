"""Whether a request was signed with a session's secret (Signature Version 4)."""

from __future__ import annotations

import re

from cloudfail.lab.cloud.aws.sessions import Session
from cloudfail.lab.cloud.httpd import Incoming

_PARTS = re.compile(
    r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>\w+)"
)
_TOKEN = "x-amz-security-token"  # noqa: S105 - a header's name


def is_signed_by(incoming: Incoming, session: Session) -> bool:
    parts = _PARTS.search(incoming.headers.get("authorization", ""))
    if parts is None or incoming.headers.get(_TOKEN) != session.token:
        return False
    return _signature(incoming, session, parts) == parts["signature"]


def _signature(incoming: Incoming, session: Session, parts: re.Match[str]) -> str:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    keys = Credentials(session.access_key, session.secret_key, session.token)
    auth = SigV4Auth(keys, parts["service"], parts["region"])
    signed = parts["headers"].split(";")
    request = AWSRequest(
        method=incoming.method,
        url=f"http://{incoming.headers.get('host', '')}{incoming.path}",
        data=incoming.body,
        headers={name: incoming.headers.get(name, "") for name in signed},
    )
    request.context["timestamp"] = incoming.headers.get("x-amz-date", "")
    canonical = auth.canonical_request(request)
    return str(auth.signature(auth.string_to_sign(request, canonical), request))
