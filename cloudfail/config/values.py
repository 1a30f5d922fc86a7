"""Turn the text of a table into addresses and networks, with a remedy where it is none."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from cloudfail.config.problems import Problems
from cloudfail.model import Address, Network


def parse_address(text: str, key: str, problems: Problems) -> Address | None:
    """Return the address, or add a problem and return None."""
    try:
        address = ip_address(text)
    except ValueError:
        problems.add(key, f'"{text}" is not an IP address', _address_remedy(text))
        return None
    if getattr(address, "scope_id", None):
        problems.add(key, f'"{text}" carries a scope', "leave out everything from the % on")
        return None
    return address


def parse_network(text: str, key: str, problems: Problems) -> Network | None:
    """Return the network, or add a problem and return None. Host bits are an error."""
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        widened = ip_network(text, strict=False)
    except ValueError:
        problems.add(key, f'"{text}" is not a network', "write it like 10.99.0.0/16")
    else:
        problems.add(key, f'"{text}" has host bits set', f'did you mean "{widened}"?')
    return None


def _address_remedy(text: str) -> str:
    if "/" in text:
        return "write the address without a prefix length"
    if ":" in text:
        return "write it like 2001:db8::7"
    return "write it like 203.0.113.7, not as a name"
