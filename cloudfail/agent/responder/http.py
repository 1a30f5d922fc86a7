"""The little of HTTP that a health check needs: one request, one answer, no keep-alive."""

from __future__ import annotations

import re

LONGEST = 8192  # bytes of a request's head, as most servers have it
_LINE = re.compile(rb"([A-Z]{1,16}) ([!-~]+) HTTP/1\.[0-9]\r?\n")
_END = re.compile(rb"\r?\n\r?\n")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}
_BODIES = {
    200: "MASTER\n",
    400: "This is no HTTP request.\n",
    404: "There is nothing at this path.\n",
    405: "Only GET and HEAD are answered.\n",
    503: "Not MASTER, or not holding every claim.\n",
}
_MORE = {405: ("Allow: GET, HEAD",)}


def is_whole(head: bytes) -> bool:
    """True when an answer is due: the head ends, is too long, or begins like no request."""
    line, newline, _ = head.partition(b"\n")
    if newline and not _LINE.fullmatch(line + newline):
        return True
    return len(head) > LONGEST or _END.search(head) is not None


def status_of(head: bytes, path: str, *, answers: bool) -> int:
    """Return the status for a head that is whole. The query is no part of the path."""
    request = _LINE.match(head)
    if request is None or len(head) > LONGEST or not _END.search(head):
        return 400
    if request[1] not in (b"GET", b"HEAD"):
        return 405
    if _path(request[2]) != path.encode("utf-8", "surrogatepass"):
        return 404
    return 200 if answers else 503


def answer(head: bytes, status: int) -> bytes:
    """Return the whole answer; to HEAD, without its body."""
    body = _BODIES[status].encode()
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        *_MORE.get(status, ()),
        "Connection: close",
    ]
    text = "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"
    return text if head.startswith(b"HEAD ") else text + body


def _path(target: bytes) -> bytes:
    """Return the path of a target, also of an absolute one (RFC 9112, 3.2.2)."""
    absolute = re.match(rb"https?://[^/?]*", target, re.IGNORECASE)
    rest = target[absolute.end() :] if absolute else target
    return rest.partition(b"?")[0] or b"/"
