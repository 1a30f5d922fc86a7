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
    needed = permissions(claims)
    looks = [permission for permission in needed if not permission.write]
    return {"read": _role("cloudfail read", looks), "write": _role("cloudfail", needed)}


def _role(title: str, needed: Sequence[Permission]) -> str:
    lines = [f"title: {title}", "stage: GA", "includedPermissions:"]
    return "\n".join([*lines, *(f"- {p.action} # {p.method}: {p.why}" for p in needed), ""])


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return the file's entries by permission."""
    text = files("cloudfail_gcp").joinpath("permissions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Entry])
