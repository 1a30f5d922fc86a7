"""The least custom role for a set of claims, from `permissions.json`, the one source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from cloudfail.model import Claim
from cloudfail.provider import Permission


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A permission as the file has it; `needed_for` names kinds."""

    method: str
    why: str
    needed_for: tuple[str, ...]
    write: bool


def permissions(claims: Sequence[Claim]) -> Sequence[Permission]:
    """Return what these claims need."""
    kinds = {claim.kind for claim in claims}
    return [
        Permission(action=action, method=entry.method, why=entry.why, write=entry.write)
        for action, entry in catalogue().items()
        if not kinds.isdisjoint(entry.needed_for)
    ]


def policy(claims: Sequence[Claim]) -> Mapping[str, str]:
    """Return custom roles as YAML for `gcloud iam roles create ID --file FILE`.

    `read` is enough for a role that looks, `write` for one that takes.
    """
    return {name: _yaml(name, needed) for name, needed in _roles(claims).items()}


def terraform(claims: Sequence[Claim]) -> Mapping[str, str]:
    """Return the same roles as resources of Terraform's provider google."""
    return {name: _resource(name, needed) for name, needed in _roles(claims).items()}


def _roles(claims: Sequence[Claim]) -> Mapping[str, Sequence[Permission]]:
    needed = permissions(claims)
    return {"read": [one for one in needed if not one.write], "write": needed}


def _yaml(name: str, needed: Sequence[Permission]) -> str:
    lines = [f"title: cloudfail {name}", "stage: GA", "includedPermissions:"]
    return "\n".join([*lines, *(f"- {p.action} # {p.method}: {p.why}" for p in needed)])


def _resource(name: str, needed: Sequence[Permission]) -> str:
    lines = [
        f'resource "google_project_iam_custom_role" "cloudfail_{name}" {{',
        f'  role_id = "cloudfail_{name}"',
        f'  title   = "cloudfail {name}"',
        '  stage   = "GA"',
        "",
        "  permissions = [",
        # Above, not behind: `terraform fmt` would align what is behind.
        *(f'    # {p.method}: {p.why}\n    "{p.action}",' for p in needed),
        "  ]",
        "}",
    ]
    return "\n".join(lines)


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return the file's entries by permission."""
    text = files("cloudfail_gcp").joinpath("permissions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Entry])
