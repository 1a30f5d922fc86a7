"""Documents of network interfaces, as Azure Resource Manager answers them, and changes of these.

A PUT of a network interface replaces it whole, and what a document leaves out is reset. So a
document is read, only what must change is changed, and the same document goes back: every other
field of it, also one that nobody here knows, comes out as it went in.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from cloudfail.errors import ConflictError
from cloudfail.model import Address

from cloudfail_azure.links import key_of, same

Document = dict[str, Any]
Json = Mapping[str, Any]
# azure-resource-manager/management/async-operations: "the operation finished"; no value: as well.
SETTLED = frozenset({"", "Succeeded", "Failed", "Canceled"})

# Azure's own: where it is, what became of it. Everything else of an ipConfiguration is the owner's.
_GIVEN = frozenset({"id", "etag", "type"})
_GROUPS = "applicationSecurityGroups"
_GIVEN_PROPERTIES = frozenset({"provisioningState", "privateLinkConnectionProperties"})


def configurations(document: Json) -> list[Document]:
    """Return the ipConfigurations themselves, not copies."""
    found: list[Document] = document["properties"].get("ipConfigurations") or []
    return found


def address_of(configuration: Json) -> Address | None:
    """Return the private address; None where it has none yet, or a whole block."""
    text = str(configuration["properties"].get("privateIPAddress") or "")
    try:
        return ip_address(text)
    except ValueError:
        return None


def public_ip_of(configuration: Json) -> str:
    """Return the id of the public address that is on it; "" when there is none."""
    public = configuration["properties"].get("publicIPAddress") or {}
    return str(public.get("id", ""))


def is_primary(configuration: Json) -> bool:
    return bool(configuration["properties"].get("primary"))


def state_of(document: Json) -> str:
    """Return the `provisioningState`; "" where it is not said."""
    return str((document.get("properties") or {}).get("provisioningState") or "")


def is_settled(document: Json) -> bool:
    """Say whether nobody is changing the resource. One that says no state is as it is."""
    return state_of(document) in SETTLED


def with_address(document: Json, address: Address) -> Document | None:
    """Return the ipConfiguration that has this private address."""
    return next((one for one in configurations(document) if address_of(one) == address), None)


def with_public_ip(document: Json, public_ip: str) -> Document | None:
    """Return the ipConfiguration that a public address, by its id, is on."""
    found = (one for one in configurations(document) if same(public_ip_of(one), public_ip))
    return next(found, None)


def portable(configuration: Json) -> Document:
    """Return an ipConfiguration as another network interface can be given it.

    Its public address, security groups, pools and rules come along, and what nobody here knows.
    A dynamic address is made static: Azure would choose another one.
    """
    found: Document = {
        key: copy.deepcopy(value) for key, value in configuration.items() if key not in _GIVEN
    }
    properties = {k: v for k, v in found["properties"].items() if k not in _GIVEN_PROPERTIES}
    found["properties"] = {**properties, "privateIPAllocationMethod": "Static"}
    return found


def aligned(configuration: Json, document: Json) -> Document:
    """Return an ipConfiguration with the application security groups that an interface's share.

    Azure takes no network interface whose IPv4 ipConfigurations have different ones
    (AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups: Azure/azure-cli#21551,
    hashicorp/terraform-provider-azurerm#5815). Its own stay where there is none to share with.
    """
    address = address_of(configuration)
    found: Document = copy.deepcopy(dict(configuration))
    for other in configurations(document):
        there = address_of(other)
        if address is not None and there is not None and there.version == address.version:
            found["properties"].pop(_GROUPS, None)
            if groups := other["properties"].get(_GROUPS):
                found["properties"][_GROUPS] = copy.deepcopy(groups)
            break
    return found


def groups_of(configuration: Json) -> set[str]:
    """Return the application security groups of an ipConfiguration, by `key_of` their ids."""
    return {key_of(str(one["id"])) for one in configuration["properties"].get(_GROUPS) or ()}


def configuration_for(address: Address, subnet: str) -> Document:
    """Return the ipConfiguration for an address that nobody was ever seen to have."""
    return {
        "name": name_for(address),
        "properties": {
            "privateIPAddress": str(address),
            "privateIPAddressVersion": f"IPv{address.version}",
            "privateIPAllocationMethod": "Static",
            "primary": False,
            "subnet": {"id": subnet},
        },
    }


def name_for(address: Address) -> str:
    """Return a name for the ipConfiguration of an address: letters, digits and hyphens."""
    return f"cloudfail-{address.exploded.replace('.', '-').replace(':', '-')}"


class Edit:
    """A change of one network interface. The document that it is made of stays as it is."""

    def __init__(self, document: Json) -> None:
        self.document: Document = copy.deepcopy(dict(document))
        self._before = document

    @property
    def changed(self) -> bool:
        return bool(self.document != self._before)

    def remove(self, address: Address) -> None:
        """Take the ipConfiguration of a private address off; one that is gone is done.

        Raises ConflictError for a primary one, which never moves.
        """
        found = with_address(self.document, address)
        if found is None:
            return
        if is_primary(found):
            raise ConflictError(
                f"{address} is the primary address of {self.document.get('id')}: look again"
            )
        left = [one for one in configurations(self.document) if one is not found]
        self.document["properties"]["ipConfigurations"] = left

    def add(self, configuration: Json) -> None:
        """Put an ipConfiguration on; one with its address is done."""
        address = address_of(configuration)
        if address is not None and with_address(self.document, address) is not None:
            return
        here = {str(one.get("name", "")).lower() for one in configurations(self.document)}
        added = aligned(configuration, self.document)
        if str(added.get("name", "")).lower() in here and address is not None:
            added["name"] = name_for(address)
        there = configurations(self.document)
        self.document["properties"]["ipConfigurations"] = [*there, added]

    def detach(self, public_ip: str) -> None:
        """Take a public address off the ipConfiguration that has it; one that is gone is done."""
        found = with_public_ip(self.document, public_ip)
        if found is not None:
            found["properties"].pop("publicIPAddress")

    def attach(self, reference: Json, seat: Address) -> None:
        """Put a public address on the ipConfiguration of a private one; one that is there is done.

        `reference` is what an ipConfiguration says of it: its id, and what else belongs there. It
        comes off any other one of this interface: Azure takes no document with it on two. Raises ConflictError when there is no ipConfiguration with that private address.
        """
        found = with_address(self.document, seat)
        if found is None:
            raise ConflictError(f"{self.document.get('id')} has no {seat} any more: look again")
        if not same(public_ip_of(found), str(reference["id"])):
            self.detach(str(reference["id"]))
            found["properties"]["publicIPAddress"] = copy.deepcopy(dict(reference))


def edit_of(document: Json, params: Json) -> Edit:
    """Apply what a step's `params` say: the removes first, then the adds."""
    edit = Edit(document)
    for item in params.get("detach", ()):
        edit.detach(str(item["publicIPAddress"]["id"]))
    for item in params.get("remove", ()):
        edit.remove(ip_address(item["privateIPAddress"]))
    for configuration in params.get("add", ()):
        edit.add(configuration)
    for item in params.get("attach", ()):
        edit.attach(item["publicIPAddress"], ip_address(item["privateIPAddress"]))
    return edit
