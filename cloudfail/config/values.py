"""Turn the text of a table into addresses and networks, with a remedy where it is none."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from cloudfail.config.problems import Problems
from cloudfail.model import Address, Network

_BROADCAST = 0xFFFFFFFF  # 255.255.255.255; as an IPv6 number it is one of the unusable ::/96


def parse_address(text: str, key: str, problems: Problems) -> Address | None:
    """Return the address, or add a problem and return None.

    Any spelling will do; an IPv4 address in IPv6's clothes (::ffff:10.0.0.1) is the IPv4 address.
    """
    try:
        address = _plain(ip_address(text))
    except ValueError:
        problems.add(key, f'"{text}" is not an IP address', _address_remedy(text))
        return None
    wrong, remedy = _unfit(address)
    if wrong:
        problems.add(key, f'"{text}" {wrong}', remedy)
        return None
    return address


def parse_network(text: str, key: str, problems: Problems) -> Network | None:
    """Return the network, or add a problem and return None. Host bits are an error."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        problems.add(key, f'"{text}" is not a network', "write it like 10.99.0.0/16")
        return None
    address, slash, length = text.partition("/")
    if "%" in address:
        problems.add(key, f'"{text}" carries a scope', "leave out the % and what follows it")
    elif not slash:
        problems.add(key, f'"{text}" has no prefix length', f'did you mean "{network}"?')
    elif not (length.isascii() and length.isdecimal()):
        problems.add(key, f'"{text}" has a mask', f'write its length: "{network}"')
    elif ip_address(address) != network.network_address:
        problems.add(key, f'"{text}" has host bits set', f'did you mean "{network}"?')
    else:
        return network
    return None


def _plain(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _unfit(address: Address) -> tuple[str, str]:
    """Say why nothing can own this address, and the remedy; empty when something can."""
    if getattr(address, "scope_id", None):
        return "carries a scope", "leave out everything from the % on"
    if address.is_unspecified or address.is_multicast or int(address) == _BROADCAST:
        return "is no address that a machine can own", "write a unicast address"
    return "", ""


def _address_remedy(text: str) -> str:
    if "/" in text:
        return "write the address without a prefix length"
    if ":" in text:
        return "write it like 2001:db8::7"
    return "write it like 203.0.113.7, not as a name"
