"""A small threaded HTTP/1.1 server: keep-alive, no Nagle delay, connections that can be reset.

Werkzeug's own server closes every connection after one answer, which is not how clouds behave.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import msgspec

_LINGER_ZERO = struct.pack("ii", 1, 0)
_HANDSHAKE = b"\x16"  # RFC 8446, 5.1: what a client that wants TLS begins with


class ConnectionCutError(Exception):
    """Raised by a handler: no answer, the client's connection is reset."""


class Incoming(msgspec.Struct, frozen=True):
    """A request. Header names are in lower case; `source` is the caller's address.

    `secure`: it came over TLS.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    source: str
    secure: bool = False


class Reply(msgspec.Struct, frozen=True):
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


Handler = Callable[[Incoming], Reply]


class HttpService:
    """Answers on its own threads from construction until `close`, which also ends connections.

    `server` is the header of that name, of answers that have none of their own; `tls` makes it
    HTTPS for whoever begins with a handshake, and leaves it HTTP for others.
    Raises OSError when the address cannot be bound. Port 0 takes a free one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handler: Handler,
        server: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = _Server((host, port), handler, server, tls)
        self.host = host
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.accept_until_closed, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._server.scheme}://{self.host}:{self.port}"

    def close(self) -> None:
        self._server.end()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: Handler, name: str, tls: ssl.SSLContext | None
    ) -> None:
        self.handler = handler
        self.name = name
        self.scheme = "http" if tls is None else "https"
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._end = threading.Event()
        super().__init__(address, _Exchange)

    def accept_until_closed(self) -> None:
        while not self._end.is_set():
            try:
                link, address = self.get_request()
            except OSError:
                # Closed by `end`, or out of file descriptors: then wait for one.
                self._end.wait(0.01)
                continue
            with self._guard:
                self._open.add(link)
            self.process_request(link, address)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        assert isinstance(request, socket.socket)  # noqa: S101 - TCP: never a datagram
        try:
            link = self._secure(request)
        except OSError:
            self.shutdown_request(request)
            return
        super().process_request_thread(link, client_address)

    def _secure(self, link: socket.socket) -> socket.socket:
        """Shake hands on this connection's own thread, so that it keeps nobody else waiting."""
        if self._tls is None or link.recv(1, socket.MSG_PEEK) != _HANDSHAKE:
            return link
        secured = self._tls.wrap_socket(link, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._open.discard(link)
            self._open.add(secured)
        try:
            secured.do_handshake()
        except OSError:
            self.shutdown_request(secured)
            raise
        return secured

    def end(self) -> None:
        self._end.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        with self._guard:
            links = list(self._open)
        for link in links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        # The inherited one sends FIN first; a reset connection must show RST and nothing else.
        assert isinstance(request, socket.socket)  # noqa: S101 - TCP: never a datagram
        with self._guard:
            self._open.discard(request)
        request.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients may go away at any time: silent."""


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _answer(self) -> None:
        try:
            reply = self.server.handler(self._incoming())
        except ConnectionCutError:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
            self.close_connection = True
            return
        self._send(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def _incoming(self) -> Incoming:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        return Incoming(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(size),
            source=str(self.client_address[0]),
            secure=isinstance(self.connection, ssl.SSLSocket),
        )

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in {"Server": self.server.name, "Date": self.date_time_string()}.items():
            if value and name not in reply.headers:
                self.send_header(name, value)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Silent: the call log has it."""
