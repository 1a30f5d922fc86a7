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


def refusal(status: int, code: str, message: str = "", service: str = "ec2") -> Reply:
    """Build the service's error document, with a request id. EC2's differs from all others."""
    request_id = str(uuid.uuid4())
    text = escape(message or MESSAGES.get(code, "An error was injected by the lab."))
    error = f"<Code>{escape(code)}</Code><Message>{text}</Message>"
    body = (
        f"<Response><Errors><Error>{error}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
        if service == "ec2"
        else f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = {"Content-Type": "text/xml;charset=UTF-8", "x-amzn-RequestId": request_id}
    return Reply(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(), headers)


def throttling(service: str) -> Reply:
    """Say in the service's way that there were too many calls."""
    if service == "ec2":
        return refusal(503, "RequestLimitExceeded")
    return refusal(400, "Throttling", "Rate exceeded", service)


def denial(action: str, principal: str, resource: str = "*") -> Reply:
    """Deny in the words that EC2 and STS use, each with its own code."""
    service = action.partition(":")[0]
    where = "" if resource == "*" else f" on resource: {resource}"
    sentence = (
        f"User: {principal} is not authorized to perform: {action}{where} because no "
        f"identity-based policy allows the {action} action"
    )
    if service != "ec2":
        return refusal(403, "AccessDenied", sentence, service)
    return refusal(
        403,
        "UnauthorizedOperation",
        f"You are not authorized to perform this operation. {sentence}. "
        "Encoded authorization failure message: lab",
    )
