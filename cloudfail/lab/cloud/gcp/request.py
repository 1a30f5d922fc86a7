"""A request of Compute as the methods see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from cloudfail.lab.cloud.gcp.contract import Match
from cloudfail.lab.cloud.gcp.links import project_of, scope_of

_READS = (".get", ".list", ".aggregatedList", ".wait", ".testIamPermissions", ".getXpnHost")


class ComputeRequest(msgspec.Struct, frozen=True):
    """`body` is None where there was none; `user` is the caller's e-mail address."""

    match: Match
    query: Mapping[str, str]
    body: Any
    user: str

    @property
    def method(self) -> str:
        return self.match.method.id

    @property
    def path(self) -> str:
        """The path of the collection, the resource, or the resource and a verb."""
        return self.match.path

    @property
    def target(self) -> str:
        """The path of the resource that the request is about, or of the collection."""
        verb = self.method.rpartition(".")[2]
        return self.path.removesuffix(f"/{verb}")

    @property
    def scope(self) -> str:
        return scope_of(self.target)

    @property
    def project(self) -> str:
        return project_of(f"{self.path}/")

    @property
    def writes(self) -> bool:
        return not self.method.endswith(_READS)

    @property
    def request_id(self) -> str:
        return self.query.get("requestId", "")

    @property
    def words(self) -> Mapping[str, str]:
        """Everything that was asked, flat, for the log of calls."""
        body = {} if self.body is None else {"body": json.dumps(self.body, sort_keys=True)}
        return {**self.match.params, **self.query, **body}
