"""IMDSv2, live from the embedded cloud's state. There is no version 1: no token, no answer."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from cloudfail.lab.cloud.aws.notices import shown_at
from cloudfail.lab.cloud.aws.tree import lookup, tree_of
from cloudfail.lab.cloud.httpd import ConnectionCutError, Incoming, Reply

if TYPE_CHECKING:
    from cloudfail.lab.cloud.aws.embedded import EmbeddedAws

_TTL = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN = "x-aws-ec2-metadata-token"  # noqa: S105 - a header's name
_MOST_TTL = 21600
_TEXT = {"Content-Type": "text/plain", "Server": "EC2ws"}


class Tokens:
    """Session tokens and when they end. Thread-safe."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}
        self._lock = threading.Lock()

    def issue(self, seconds: int) -> str:
        token = secrets.token_urlsafe(40)
        with self._lock:
            self._ends[token] = time.monotonic() + seconds
        return token

    def valid(self, token: str) -> bool:
        with self._lock:
            return self._ends.get(token, 0.0) > time.monotonic()


class Metadata:
    """Answers for the node that `node_of` names for the caller's address ("": 404)."""

    def __init__(self, cloud: EmbeddedAws, node_of: Callable[[str], str]) -> None:
        self._cloud = cloud
        self._node_of = node_of
        self.tokens = Tokens()

    def handle(self, incoming: Incoming) -> Reply:
        faults = self._cloud.faults
        if faults.metadata_down:
            raise ConnectionCutError
        if faults.metadata_latency_ms > 0:
            threading.Event().wait(faults.metadata_latency_ms / 1000)
        if incoming.path == "/latest/api/token":
            return self._token(incoming)
        if incoming.method != "GET":
            return Reply(405, b"", _TEXT)
        if not self.tokens.valid(incoming.headers.get(_TOKEN, "")):
            return Reply(401, b"", _TEXT)
        return self._value(incoming)

    def _token(self, incoming: Incoming) -> Reply:
        if incoming.method != "PUT":
            return Reply(405, b"", _TEXT)
        if "x-forwarded-for" in incoming.headers:
            return Reply(403, b"", _TEXT)
        asked = incoming.headers.get(_TTL, "")
        if not asked.isdigit() or not 1 <= int(asked) <= _MOST_TTL:
            return Reply(400, b"", _TEXT)
        return Reply(200, self.tokens.issue(int(asked)).encode(), {**_TEXT, _TTL: asked})

    def _value(self, incoming: Incoming) -> Reply:
        node = self._node_of(incoming.source)
        if not node:
            return Reply(404, b"", _TEXT)
        found = lookup(tree_of(self._cloud, node), incoming.path)
        if found is None:
            return Reply(404, b"", _TEXT)
        notices = self._cloud.notices
        notices.see(shown_at(incoming.path, notices.of_node(node)))
        return Reply(200, found.encode(), _TEXT)
