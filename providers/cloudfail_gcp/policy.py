"""The least custom roles for a set of claims, from `permissions.json`, the one source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from cloudfail.model import Claim, ForwardingRule, Route
from cloudfail.provider import Permission

from cloudfail_gcp.links import part_of
from cloudfail_gcp.settings import GcpSettings


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A permission as the file has it; `needed_for` names kinds.

    `place` says of what it is asked: in a shared VPC a network and its subnetworks are of the host
    project, an instance is of a service project, and a rule of the project that its claim names.
    """

    method: str
    why: str
    needed_for: tuple[str, ...]
    write: bool
    place: Literal["instance", "network", "subnetwork", "rule"]


def permissions(claims: Sequence[Claim]) -> Sequence[Permission]:
    """Return what these claims need."""
    kinds = {claim.kind for claim in claims}
    return [
        Permission(action=action, method=entry.method, why=entry.why, write=entry.write)
        for action, entry in catalogue().items()
        if not kinds.isdisjoint(entry.needed_for)
    ]


def policy(claims: Sequence[Claim], settings: GcpSettings) -> Mapping[str, str]:
    """Return custom roles as YAML for `gcloud iam roles create ID --file FILE`.

    `read` is enough for a role that looks, `write` for one that takes: in the instances' project.
    `write-PROJECT` is what another project has to grant: the host project of a shared VPC.
    """
    return {role.name: _yaml(role) for role in _roles(claims, settings)}


def terraform(claims: Sequence[Claim], settings: GcpSettings) -> Mapping[str, str]:
    """Return the same roles as resources of Terraform's provider google."""
    return {role.name: _resource(role) for role in _roles(claims, settings)}


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """A custom role; `project` is "" for the one of the instances."""

    kind: str
    project: str
    needed: Sequence[Permission]

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.project}" if self.project else self.kind

    @property
    def title(self) -> str:
        return f"cloudfail {self.kind}"


def _roles(claims: Sequence[Claim], settings: GcpSettings) -> Iterator[Role]:
    needed = permissions(claims)
    places = {p.action: _projects(catalogue()[p.action], claims, settings) for p in needed}
    for kind in ("read", "write"):
        held = [one for one in needed if kind == "write" or not one.write]
        for project in sorted({project for one in held for project in places[one.action]}):
            here = [one for one in held if project in places[one.action]]
            yield Role(kind=kind, project=project, needed=here)


def _projects(entry: Entry, claims: Sequence[Claim], settings: GcpSettings) -> set[str]:
    """Return the projects that have to grant it; "" is that of the instances."""
    meant = [claim for claim in claims if claim.kind in entry.needed_for]
    match entry.place:
        case "network":
            found = {part_of(c.table, "projects") for c in meant if isinstance(c, Route)}
        case "subnetwork":
            found = {settings.host_project or _host_of(claims)}
        case "rule":
            found = {claim.project for claim in meant if isinstance(claim, ForwardingRule)}
        case _:
            found = {""}
    return {"" if project == settings.project else project for project in found}


def _host_of(claims: Sequence[Claim]) -> str:
    """Return the project of the first network that names one: the nodes are in it."""
    found = (part_of(claim.table, "projects") for claim in claims if isinstance(claim, Route))
    return next(filter(None, found), "")


def _yaml(role: Role) -> str:
    lines = [f"title: {role.title}", "stage: GA", "includedPermissions:"]
    if role.project:
        lines.insert(0, f"# for project {role.project}")
    return "\n".join([*lines, *(f"- {p.action} # {p.method}: {p.why}" for p in role.needed)])


def _resource(role: Role) -> str:
    resource = f"cloudfail_{role.name}".replace("-", "_").replace(":", "_").replace(".", "_")
    lines = [
        f'resource "google_project_iam_custom_role" "{resource}" {{',
        *([f'  project = "{role.project}"'] if role.project else []),
        f'  role_id = "cloudfail_{role.kind}"',
        f'  title   = "{role.title}"',
        '  stage   = "GA"',
        "",
        "  permissions = [",
        # Above, not behind: `terraform fmt` would align what is behind.
        *(f'    # {p.method}: {p.why}\n    "{p.action}",' for p in role.needed),
        "  ]",
        "}",
    ]
    return "\n".join(lines)


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return the file's entries by permission."""
    text = files("cloudfail_gcp").joinpath("permissions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Entry])
