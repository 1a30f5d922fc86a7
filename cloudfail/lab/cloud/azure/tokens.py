"""Access tokens that this cloud gave out: to nodes' identities by IMDS, and the administrator's.

entra/identity/managed-identities-azure-resources/how-to-use-vm-token: IMDS keeps a token, and
gives the same one until it is about to expire.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Mapping

import msgspec

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.azure.world import Built, BuiltNode

ADMIN_TOKEN = "lab-administrator"  # noqa: S105 - of the lab's own cloud
LIFETIME = 86_400.0


class Session(msgspec.Struct, frozen=True):
    """A token and whose it is. `principal` is the identity's object id, times are the wall clock's.

    `audience` is the resource that it is good for, as it was asked for.
    """

    token: str
    node: str
    client_id: str
    principal: str
    audience: str
    issued: float
    expires: float

    @property
    def has_expired(self) -> bool:
        return wall_clock() >= self.expires


class Tokens:
    """Thread-safe. An expired token is still found: ARM answers it differently from a wrong one."""

    def __init__(self) -> None:
        self._by_token: dict[str, Session] = {}
        self._of_nodes: dict[tuple[str, str, str], Session] = {}
        self._lock = threading.Lock()

    def find(self, token: str) -> Session | None:
        return self._by_token.get(token)

    def clear(self) -> None:
        with self._lock:
            self._by_token, self._of_nodes = {}, {}

    def of_node(
        self, built: Built, name: str, client_id: str, audience: str, lifetime: float = LIFETIME
    ) -> Session | None:
        """Give the token of one of a node's identities; `client_id` "" is the system-assigned one.

        None when the node has no such identity.
        """
        node = built.nodes[name]
        identity = client_id.lower() or node.client_id
        if identity not in node.principals:
            return None
        key = (name, identity, audience.rstrip("/").lower())
        with self._lock:
            session = self._of_nodes.get(key)
            if session is None or session.has_expired or session.expires - wall_clock() > lifetime:
                session = self._of_nodes[key] = _mint(built, node, identity, audience, lifetime)
                self._by_token[session.token] = session
            return session


def _mint(built: Built, node: BuiltNode, client_id: str, audience: str, lifetime: float) -> Session:
    now = wall_clock()
    principal = node.principals[client_id]
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{built.tenant}/",
        "iat": int(now),
        "nbf": int(now),
        "exp": int(now + lifetime),
        "appid": client_id,
        "idtyp": "app",
        "oid": principal,
        "sub": principal,
        "tid": built.tenant,
        "xms_mirid": node.vm,
        "jti": secrets.token_urlsafe(16),
    }
    return Session(
        token=_jwt(claims),
        node=node.name,
        client_id=client_id,
        principal=principal,
        audience=audience,
        issued=now,
        expires=now + lifetime,
    )


def _jwt(claims: Mapping[str, object]) -> str:
    """Return a token of the right form; nobody can verify its signature, which is random."""
    parts = [json.dumps({"typ": "JWT", "alg": "RS256", "kid": "lab"}), json.dumps(claims)]
    texts = [part.encode() for part in parts] + [secrets.token_bytes(256)]
    return b".".join(base64.urlsafe_b64encode(text).rstrip(b"=") for text in texts).decode()
