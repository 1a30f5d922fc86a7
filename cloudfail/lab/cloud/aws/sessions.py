"""Credentials that this cloud gave out: to nodes by metadata, to others by AssumeRole."""

from __future__ import annotations

import re
import secrets
import string
import threading

import msgspec
from cloudfail.lab.cloud.aws.world import ROLE

ADMIN_KEY = "LABADMINLABADMINLABA"
_ALPHABET = string.ascii_uppercase + "234567"
_FIELD = r"<{0}>([^<]*)</{0}>"


class Session(msgspec.Struct, frozen=True):
    """A role that somebody assumed. `arn` is the session's, `role` the role's."""

    access_key: str
    secret_key: str
    token: str
    arn: str
    role: str
    account: str


class Sessions:
    """Thread-safe."""

    def __init__(self, account: str) -> None:
        self.account = account
        self._by_key: dict[str, Session] = {}
        self._of_nodes: dict[tuple[str, str], Session] = {}
        self._lock = threading.Lock()

    def find(self, access_key: str) -> Session | None:
        return self._by_key.get(access_key)

    def clear(self) -> None:
        with self._lock:
            self._by_key, self._of_nodes = {}, {}

    def of_node(self, instance_id: str, role: str = ROLE) -> Session:
        """Give the session that a node's metadata service hands out; the same at each look."""
        with self._lock:
            if (instance_id, role) not in self._of_nodes:
                minted = _mint(self.account, role, instance_id)
                self._of_nodes[instance_id, role] = self._keep(minted)
            return self._of_nodes[instance_id, role]

    def note_assumed(self, role: str, answer: str) -> None:
        """Remember what STS answered to an AssumeRole of that role's ARN."""
        fields = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Arn")
        found = [re.search(_FIELD.format(name), answer) for name in fields]
        key, secret, token, arn = (match[1] if match else "" for match in found)
        if key:
            with self._lock:
                self._keep(Session(key, secret, token, arn, role, role.split(":")[4]))

    def _keep(self, session: Session) -> Session:
        self._by_key[session.access_key] = session
        return session


def role_arn(account: str, role: str = ROLE) -> str:
    return f"arn:aws:iam::{account}:role/{role}"


def _mint(account: str, role: str, name: str) -> Session:
    return Session(
        access_key="ASIA" + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
        secret_key=secrets.token_urlsafe(30),
        token=secrets.token_urlsafe(60),
        arn=f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        role=role_arn(account, role),
        account=account,
    )
