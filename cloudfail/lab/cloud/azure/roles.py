"""Custom roles, as `az role definition create` or the REST API takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.azure.links import is_within


class Role(msgspec.Struct, frozen=True):
    """What a role allows, at its scopes and below; without scopes everywhere."""

    scopes: tuple[str, ...]
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]

    def covers(self, scope: str) -> bool:
        return not self.scopes or any(is_within(scope, item) for item in self.scopes)

    def allows(self, action: str) -> bool:
        """role-based-access-control/role-definitions: actions, less notActions, with wildcards."""
        return _any_matches(self.actions, action) and not _any_matches(self.not_actions, action)


def read_role(document: Mapping[str, Any]) -> list[Role]:
    """Read a role definition; UsageError for a document that is none.

    In the lab a role is assigned where it is assignable.
    """
    lowered = _lowered(document)
    inner = _lowered(lowered.get("properties") or lowered)
    granted = inner.get("permissions", [inner])
    scopes = tuple(inner.get("assignablescopes") or ())
    roles = [_role(_lowered(item), scopes) for item in granted if isinstance(item, Mapping)]
    if not roles or not any(role.actions for role in roles):
        raise UsageError(f"a role definition has a list Actions, this has none: {document}")
    return roles


def _role(item: Mapping[str, Any], scopes: Sequence[str]) -> Role:
    return Role(
        tuple(scopes), tuple(item.get("actions") or ()), tuple(item.get("notactions") or ())
    )


def _lowered(document: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in document.items()}


def _any_matches(patterns: Iterable[str], action: str) -> bool:
    return any(_expression(pattern).fullmatch(action) for pattern in patterns)


def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE)
