"""Access tokens that an embedded cloud gave out to nodes by metadata."""

from __future__ import annotations

import secrets
import threading

import msgspec


class Session(msgspec.Struct, frozen=True):
    """`principal` is who the token stands for, by the cloud's name for it."""

    token: str
    principal: str


class Sessions:
    """Thread-safe. Every token begins with `prefix`."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._by_token: dict[str, Session] = {}
        self._of_nodes: dict[tuple[str, str], Session] = {}
        self._lock = threading.Lock()

    def find(self, token: str) -> Session | None:
        return self._by_token.get(token)

    def clear(self) -> None:
        with self._lock:
            self._by_token, self._of_nodes = {}, {}

    def of_node(self, node: str, principal: str) -> Session:
        """Give the token that a node's metadata server hands out; the same at each look."""
        with self._lock:
            session = self._of_nodes.get((node, principal))
            if session is None:
                session = Session(f"{self._prefix}{secrets.token_urlsafe(60)}", principal)
                self._of_nodes[node, principal] = session
                self._by_token[session.token] = session
            return session
