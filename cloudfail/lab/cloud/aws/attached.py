"""The policies that roles really have in the embedded IAM, as they are at each request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cloudfail.lab.cloud.aws.engine import Engine
from cloudfail.lab.cloud.aws.policies import Policies


class AttachedPolicies:
    """By role ARN, like the documents that `Iam.enforce` is given.

    Raises UsageError at once for documents of the roles there are that moto cannot judge.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        for role in self._roles():
            self._of(role)

    def get(self, arn: str) -> Policies | None:
        """Return a role's policies, inline and managed; None for a role that is not there."""
        return next((self._of(role) for role in self._roles() if role.arn == arn), None)

    def _roles(self) -> list[Any]:
        from moto.iam.models import iam_backends
        from moto.utilities.utils import get_partition

        partition = get_partition(self._engine.region)
        return list(iam_backends[self._engine.account][partition].roles.values())

    def _of(self, role: Any) -> Policies:
        return Policies(list(_documents(role)), self._engine.region)


def _documents(role: Any) -> Iterator[Mapping[str, Any]]:
    for text in role.policies.values():
        yield json.loads(text)
    for managed in role.managed_policies.values():
        yield from (json.loads(one.document) for one in managed.versions if one.is_default)
