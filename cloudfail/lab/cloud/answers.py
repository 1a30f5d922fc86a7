"""EC2's own answers, for what the API refuses before its effect."""

from __future__ import annotations

import uuid
from xml.sax.saxutils import escape

from cloudfail.lab.cloud.httpd import Reply

MESSAGES = {
    "RequestLimitExceeded": "Request limit exceeded.",
    "Unavailable": "The service is unavailable. Please try again shortly.",
    "ServiceUnavailable": "The service is unavailable. Please try again shortly.",
    "InternalError": "An internal error has occurred",
}


def refusal(status: int, code: str, message: str = "") -> Reply:
    """Build EC2's error document: <Response><Errors>..., with a request id."""
    request_id = str(uuid.uuid4())
    text = escape(message or MESSAGES.get(code, "An error was injected by the lab."))
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{text}</Message></Error>"
        f"</Errors><RequestID>{request_id}</RequestID></Response>"
    )
    headers = {"Content-Type": "text/xml;charset=UTF-8", "x-amzn-RequestId": request_id}
    return Reply(status, body.encode(), headers)


def denial(operation: str, principal: str) -> Reply:
    """UnauthorizedOperation, in the words that EC2 uses since 2021."""
    return refusal(
        403,
        "UnauthorizedOperation",
        f"You are not authorized to perform this operation. User: {principal} is not authorized "
        f"to perform: ec2:{operation} because no identity-based policy allows the "
        f"ec2:{operation} action",
    )
