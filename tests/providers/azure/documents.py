"""Documents of network interfaces, also with what nobody here knows."""

from __future__ import annotations

from typing import Any

from cloudfail.model import Address
from hypothesis import strategies as st

SCOPE = "/subscriptions/s/resourceGroups/edge/providers/Microsoft.Network"
SUBNET = f"{SCOPE}/virtualNetworks/v/subnets/one"
NIC = f"{SCOPE}/networkInterfaces"
VIP = f"{SCOPE}/publicIPAddresses/vip"

Json = dict[str, Any]


def config(name: str, address: str, *, nic: str = "b-nic", **properties: Any) -> Json:
    """Return an ipConfiguration as Azure answers it."""
    return {
        "name": name,
        "id": f"{NIC}/{nic}/ipConfigurations/{name}",
        "etag": 'W/"1"',
        "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Dynamic",
            "privateIPAddressVersion": "IPv6" if ":" in address else "IPv4",
            "subnet": {"id": SUBNET},
            "primary": False,
            **properties,
        },
    }


def interface(*configs: Json, nic: str = "b-nic", state: str = "Succeeded", **more: Any) -> Json:
    """Return a network interface as Azure answers it."""
    return {
        "name": nic,
        "id": f"{NIC}/{nic}",
        "etag": 'W/"7"',
        "type": "Microsoft.Network/networkInterfaces",
        "location": "westeurope",
        "properties": {
            "provisioningState": state,
            "macAddress": "00-0D-3A-00-00-01",
            "ipConfigurations": list(configs),
            **more,
        },
    }


_KEYS = st.text("xyz", min_size=2, max_size=5)
_LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc/", max_size=4)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=2)
)
UNKNOWN: st.SearchStrategy[Json] = st.dictionaries(_KEYS, _VALUES, max_size=3)
"""Fields that no version of the SDK knows."""


@st.composite
def interfaces(draw: st.DrawFn, *addresses: Address | str) -> Json:
    """Draw an interface with a primary ipConfiguration, others, and these addresses."""
    others = draw(st.lists(st.integers(50, 99), unique=True, max_size=3))
    texts = [*(f"10.0.1.{number}" for number in others), *map(str, addresses)]
    configs = [config("ipconfig1", "10.0.1.11", primary=True)]
    configs += [config(f"c{number}", text) for number, text in enumerate(texts)]
    found = interface(*draw(st.permutations(configs)))
    for one in (found, *configs):
        one.update(draw(UNKNOWN))
        one["properties"] |= draw(UNKNOWN)
    return found
