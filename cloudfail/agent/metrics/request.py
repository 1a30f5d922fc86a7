"""One HTTP request and its answer: as much of RFC 9112 as a GET of a short page takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

LONGEST_LINE = 8192
_MOST_LINES = 100
_TEXT = "text/plain; charset=utf-8"


class Request(msgspec.Struct, frozen=True):
    """`path` is without the query; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class Response(msgspec.Struct, frozen=True):
    status: HTTPStatus
    body: bytes
    content_type: str = _TEXT
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def saying(cls, status: HTTPStatus, sentence: str = "") -> Response:
        """Return a line of text for people."""
        return cls(status, f"{sentence or status.phrase}\n".encode())

    def encode(self, *, without_body: bool = False) -> bytes:
        """Return the bytes; each connection serves one request."""
        fields = [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
            *self.headers,
        ]
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in fields]
        head = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n"
        return head if without_body else head + self.body


class RejectedError(Exception):
    """The request cannot be answered; `response` says why."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.response = Response.saying(status)


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Return the request, None when the client went away. Raises RejectedError, OSError."""
    line = await _line(reader)
    if not line:
        return None
    words = line.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/"):  # noqa: PLR2004
        raise RejectedError(HTTPStatus.BAD_REQUEST)
    method, target, version = words
    if version not in {"HTTP/1.0", "HTTP/1.1"}:
        raise RejectedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    if not target.startswith("/"):
        raise RejectedError(HTTPStatus.BAD_REQUEST)
    return Request(method, target.partition("?")[0], await _headers(reader))


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(_MOST_LINES):
        line = await _line(reader)
        if not line:
            return found
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise RejectedError(HTTPStatus.BAD_REQUEST)
        name = name.lower()
        found[name] = f"{found[name]}, {value.strip()}" if name in found else value.strip()
    raise RejectedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)


async def _line(reader: asyncio.StreamReader) -> str:
    """Return the next line; also an empty one at the end of all input."""
    try:
        line = await reader.readline()
    except ValueError:  # longer than the reader's limit
        raise RejectedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    text = line.decode("latin-1").rstrip("\r\n")
    if not text.isprintable():
        raise RejectedError(HTTPStatus.BAD_REQUEST)
    return text
