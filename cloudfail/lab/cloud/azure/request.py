"""A request of ARM: what its path names, and what it carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from cloudfail.lab.cloud.azure.links import NAMESPACE, key_of

AUTHORIZATION = "Microsoft.Authorization"
_ROOT_PARTS = 4
_PROVIDER = f"/providers/{NAMESPACE.lower()}/"


class ArmRequest(msgspec.Struct, frozen=True):
    """`target` is the id of a resource, of a collection's parent, or of an operation.

    `types` are those of the resource or the collection, `kind` the last of them. `body` is None
    where there was none; `user` is the caller's object id.
    """

    verb: str
    target: str
    types: tuple[str, ...]
    is_collection: bool
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    user: str = ""

    @property
    def kind(self) -> str:
        return self.types[-1]

    @property
    def method(self) -> str:
        """The call's name: `networkInterfaces.put`, `publicIPAddresses.list`."""
        verb = "list" if self.verb == "GET" and self.is_collection else self.verb.lower()
        return f"{self.kind}.{verb}"

    @property
    def writes(self) -> bool:
        return self.verb not in {"GET", "HEAD"}

    @property
    def request_id(self) -> str:
        return self.headers.get("x-ms-client-request-id", "")

    @property
    def if_match(self) -> str:
        return self.headers.get("if-match", "")

    @property
    def words(self) -> Mapping[str, str]:
        """Everything that was asked, flat, for the log of calls."""
        body = {} if self.body is None else {"body": json.dumps(self.body, sort_keys=True)}
        match = {"If-Match": self.if_match} if self.if_match else {}
        return {"id": self.target, **self.query, **match, **body}


class Place(msgspec.Struct, frozen=True):
    """What a path names: see ArmRequest."""

    target: str
    types: tuple[str, ...]
    is_collection: bool = False


def place_of(path: str) -> Place | None:
    """Read a path; None for one that is nothing of networking or of permissions."""
    path = path.rstrip("/")
    lowered = key_of(path)
    for name in ("permissions", "locks"):
        suffix = f"/providers/{AUTHORIZATION.lower()}/{name}"
        if lowered.endswith(suffix) and lowered.startswith("/subscriptions/"):
            return Place(path[: -len(suffix)], (name,), is_collection=True)
    parts = path.strip("/").split("/")
    if parts[0].lower() != "subscriptions" or _PROVIDER not in f"{lowered}/":
        return None
    if parts[2].lower() == "providers":
        return _of_subscription(path, parts)
    if parts[2].lower() != "resourcegroups" or parts[4].lower() != "providers":
        return None
    below = parts[6:]
    if not below:
        return None
    is_collection = len(below) % 2 == 1
    target = "/" + "/".join(parts[:-1] if is_collection else parts)
    if is_collection and len(below) == 1:
        target = "/" + "/".join(parts[:_ROOT_PARTS])
    return Place(target, tuple(below[::2]), is_collection)


def _of_subscription(path: str, parts: list[str]) -> Place | None:
    """Read `/subscriptions/S/providers/Microsoft.Network/...`: all of a type, or an operation."""
    match parts[4:]:
        case [kind]:
            return Place(f"/subscriptions/{parts[1]}", (kind,), is_collection=True)
        case ["locations", _, ("operations" | "operationResults") as kind, _]:
            return Place(path, (kind,))
        case _:
            return None
