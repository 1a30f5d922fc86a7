"""The IAM of Google Cloud as the module applied it: custom roles, where they are bound, and on what.

Conditions are read as far as the module writes them: a type, and the ends of names. The name of a
resource in a condition is its path (https://cloud.google.com/iam/docs/conditions-resource-attributes).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from cloudfail.lab.cloud.gcp.answers import denial
from cloudfail.lab.cloud.gcp.iam import Iam
from cloudfail.lab.cloud.gcp.permissions import Need

from terraform.stubs import Stub, Values

_TYPES = {
    "compute.googleapis.com/Instance": "instances",
    "compute.googleapis.com/ForwardingRule": "forwardingRules",
}
_CONDITION = re.compile(
    r'resource\.type == "(?P<type>[^"]+)" && \('
    r'(?P<names>resource\.name\.endsWith\("[^"]+"\)( \|\| resource\.name\.endsWith\("[^"]+"\))*)\)'
)


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """Permissions on what is beneath `path`; with `ends`, on that collection's things that end so."""

    permissions: frozenset[str]
    path: str
    collection: str = ""
    ends: tuple[str, ...] = ()

    def allows(self, permission: str, path: str) -> bool:
        if permission not in self.permissions or not f"{path}/".startswith(f"{self.path}/"):
            return False
        return not self.collection or (
            path.split("/")[-2] == self.collection and path.endswith(self.ends)
        )


def grants_of(google: Stub, member: str) -> list[Grant]:
    """What was granted to a member."""
    return [*_of_projects(google, member), *_of_subnetworks(google, member)]


def _of_projects(google: Stub, member: str) -> Iterator[Grant]:
    for binding in google.objects("google_project_iam_member"):
        assert binding["member"] == member
        collection, ends = _read(binding["condition"])
        yield Grant(
            permissions=_permissions(google, binding["role"]),
            path=f"projects/{binding['project']}",
            collection=collection,
            ends=ends,
        )


def _of_subnetworks(google: Stub, member: str) -> Iterator[Grant]:
    for binding in google.objects("google_compute_subnetwork_iam_member"):
        assert binding["member"] == member
        scope = f"projects/{binding['project']}/regions/{binding['region']}"
        path = f"{scope}/subnetworks/{binding['subnetwork']}"
        yield Grant(permissions=_permissions(google, binding["role"]), path=path)


def _permissions(google: Stub, role: str) -> frozenset[str]:
    found: Values = google.one("google_project_iam_custom_role", id=role)
    return frozenset(found["permissions"])


def _read(condition: list[dict[str, Any]]) -> tuple[str, tuple[str, ...]]:
    if not condition:
        return "", ()
    found = _CONDITION.fullmatch(condition[0]["expression"])
    assert found is not None, condition
    return _TYPES[found["type"]], tuple(re.findall(r'endsWith\("([^"]+)"\)', found["names"]))


class GrantedIam(Iam):
    """The embedded cloud's IAM, where the nodes hold these grants and no more."""

    def __init__(self, grants: Collection[Grant]) -> None:
        super().__init__()
        self._grants = grants

    def require(self, user: str, needs: Collection[Need]) -> None:
        for permission, path in needs:
            if not any(grant.allows(permission, path) for grant in self._grants):
                raise denial(permission, path)
