"""Google's token endpoints on loopback, as far as credentials of each type call them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast
from urllib.parse import parse_qs

import msgspec

LATER = "2999-01-01T00:00:00Z"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, whose form or JSON is `fields`."""

    path: str
    bearer: str
    fields: Mapping[str, Any]


class TokenServer(ThreadingHTTPServer):
    """Gives tokens named after the path and the number of the request, and knows who asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[Asked] = []
        self.refuses = False

    def url(self, path: str = "") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The token of another identity provider."""
        self._answer(200, {"id_token": "of another provider"})

    def do_POST(self) -> None:
        server = cast(TokenServer, self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.headers.get("Content-Type", "").startswith("application/x-www-form"):
            fields: Any = {name: values[0] for name, values in parse_qs(body).items()}
        else:
            fields = json.loads(body)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        server.asked.append(Asked(path=self.path, bearer=bearer, fields=fields))
        if server.refuses:
            self._answer(400, {"error": "invalid_grant", "error_description": "expired"})
            return
        token = f"token-{len(server.asked)}"
        if self.path.endswith(":generateAccessToken"):
            self._answer(200, {"accessToken": token, "expireTime": LATER})
            return
        kind = "urn:ietf:params:oauth:token-type:access_token"
        more = {"token_type": "Bearer", "issued_token_type": kind}
        self._answer(200, {"access_token": token, "expires_in": 3600, **more})

    def _answer(self, status: int, answer: Mapping[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silent."""


@contextmanager
def token_server() -> Iterator[TokenServer]:
    server = TokenServer()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
