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


def denial(action: str, principal: str, resource: str = "*") -> Reply:
    """Deny in the words that EC2 and STS use, each with its own code."""
    where = "" if resource == "*" else f" on resource: {resource}"
    sentence = (
        f"User: {principal} is not authorized to perform: {action}{where} because no "
        f"identity-based policy allows the {action} action"
    )
    if action.startswith("sts:"):
        return sts_refusal(403, "AccessDenied", sentence)
    return refusal(
        403,
        "UnauthorizedOperation",
        f"You are not authorized to perform this operation. {sentence}. "
        "Encoded authorization failure message: lab",
    )


def sts_refusal(status: int, code: str, message: str) -> Reply:
    """Build STS's error document, which is not EC2's."""
    request_id = str(uuid.uuid4())
    body = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>'
        f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
    return Reply(status, body.encode(), headers)
