"""The least custom role for a set of claims, from `permissions.json`, the one source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from cloudfail.model import Claim, PublicIp, Route
from cloudfail.provider import Permission

from cloudfail_azure.links import group_id, group_of, key_of, subscription_of, table_id
from cloudfail_azure.settings import AzureSettings

# What has to be filled in where the configuration does not say it.
SUBSCRIPTION, GROUP = "YOUR-SUBSCRIPTION", "YOUR-RESOURCE-GROUP"
_ABOUT = {
    "read": "Looks at what follows the VRRP master",
    "write": "Moves what follows the VRRP master to this node",
}


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


def policy(claims: Sequence[Claim], settings: AzureSettings) -> Mapping[str, str]:
    """Return custom roles as JSON for `az role definition create --role-definition FILE`.

    `read` is enough for a role that looks, `write` for one that takes. Both are assignable to the
    resource groups of what the claims touch, as far as the configuration tells.
    """
    scopes = assignable_scopes(claims, settings)
    documents = {
        name: {
            "Name": f"cloudfail {name}",
            "IsCustom": True,
            "Description": _ABOUT[name],
            "Actions": [one.action for one in needed],
            "NotActions": [],
            "DataActions": [],
            "NotDataActions": [],
            "AssignableScopes": scopes,
        }
        for name, needed in _roles(claims).items()
    }
    return {name: json.dumps(document, indent=2) for name, document in documents.items()}


def terraform(claims: Sequence[Claim], settings: AzureSettings) -> Mapping[str, str]:
    """Return the same roles as resources of Terraform's provider azurerm."""
    scopes = assignable_scopes(claims, settings)
    return {name: _resource(name, needed, scopes) for name, needed in _roles(claims).items()}


def assignable_scopes(claims: Sequence[Claim], settings: AzureSettings) -> list[str]:
    """Return the resource groups: the nodes' own first, then those of tables and addresses.

    A whole group, not a resource: who may write only one cannot ask how the operation goes
    (azure-resource-manager/management/async-operations).
    """
    subscription = settings.subscription or SUBSCRIPTION
    group = settings.resource_group or GROUP
    ids = [claim.resource_id for claim in claims if isinstance(claim, PublicIp)]
    tables = [claim.table for claim in claims if isinstance(claim, Route)]
    ids += [table_id(table, subscription, group) for table in tables]
    found = [group_id(subscription, group)]
    found += [group_id(subscription_of(one), group_of(one)) for one in ids if one]
    return list({key_of(scope): scope for scope in reversed(found)}.values())[::-1]


def _roles(claims: Sequence[Claim]) -> Mapping[str, Sequence[Permission]]:
    needed = permissions(claims)
    return {"read": [one for one in needed if not one.write], "write": needed}


def _resource(name: str, needed: Sequence[Permission], scopes: Sequence[str]) -> str:
    lines = [
        f'resource "azurerm_role_definition" "cloudfail_{name}" {{',
        f'  name        = "cloudfail {name}"',
        f'  description = "{_ABOUT[name]}"',
        f'  scope       = "{scopes[0]}"',
        "",
        "  permissions {",
        "    actions = [",
        # Above, not behind: `terraform fmt` would align what is behind.
        *(f'      # {one.method}: {one.why}\n      "{one.action}",' for one in needed),
        "    ]",
        "  }",
        "",
        "  assignable_scopes = [",
        *(f'    "{scope}",' for scope in scopes),
        "  ]",
        "}",
    ]
    return "\n".join(lines)


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return the file's entries by action."""
    text = files("cloudfail_azure").joinpath("permissions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Entry])
