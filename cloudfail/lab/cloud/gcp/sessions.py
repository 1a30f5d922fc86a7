"""Access tokens that this cloud gave out: to nodes by metadata, and the administrator's."""

from __future__ import annotations

import secrets
import threading

import msgspec

ADMIN_TOKEN = "ya29.lab-administrator"  # noqa: S105 - of the lab's own cloud


class Session(msgspec.Struct, frozen=True):
    token: str
    email: str


class Sessions:
    """Thread-safe."""

    def __init__(self) -> None:
        self._by_token: dict[str, Session] = {}
        self._of_nodes: dict[tuple[str, str], Session] = {}
        self._lock = threading.Lock()

    def find(self, token: str) -> Session | None:
        return self._by_token.get(token)

    def clear(self) -> None:
        with self._lock:
            self._by_token, self._of_nodes = {}, {}

    def of_node(self, node: str, email: str) -> Session:
        """Give the token that a node's metadata server hands out; the same at each look."""
        with self._lock:
            session = self._of_nodes.get((node, email))
            if session is None:
                session = Session(f"ya29.{secrets.token_urlsafe(60)}", email)
                self._of_nodes[node, email] = session
                self._by_token[session.token] = session
            return session
