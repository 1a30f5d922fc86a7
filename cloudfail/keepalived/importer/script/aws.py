"""What the old script asks AWS for, as claims: never run, only read."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import PurePosixPath

from msgspec import Struct
from msgspec.structs import replace

from cloudfail.config.claim_tables import MovedTable, PrivateIpTable, PublicIpTable, RouteTable
from cloudfail.config.problems import Problems
from cloudfail.config.values import parse_address, parse_network
from cloudfail.keepalived.importer.script.commands import is_known

Options = dict[str, list[str]]
FOUND = "address:"
_ID = re.compile(r"(?:eipalloc|rtb)-[\w-]+", re.ASCII)
_BY_ADDRESS = "Name=public-ip,Values="
_RELEASES = frozenset(
    {
        "disassociate-address",
        "unassign-private-ip-addresses",
        "unassign-ipv6-addresses",
        "delete-route",
    }
)


class Asked(Struct, frozen=True, kw_only=True):
    """What one command of the AWS CLI means.

    `wrong` says what it needs and the script does not say, `partial` are claims with what it does
    say. `allocation` is of an Elastic IP whose address is not in the command.
    """

    words: tuple[str, ...]
    claims: tuple[MovedTable, ...] = ()
    region: str = ""
    interface_id: str = ""
    releases: str = ""
    wrong: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    allocation: str = ""
    private_address: str = ""
    names_instance: bool = False


def asked_by(words: tuple[str, ...]) -> Asked | None:
    """Return None for a command that is not `aws ec2 ...` or that changes nothing known here."""
    action, options = _call(words)
    region = _one(options, "region")
    if action in _RELEASES:
        return Asked(words=words, region=region, releases=_address(_one(options, "public-ip")))
    build = _ACTIONS.get(action)
    if build is None:
        return None
    return replace(
        build(Asked(words=words), options),
        region=region,
        interface_id=_one(options, "network-interface-id"),
        names_instance=bool(options.get("instance-id")),
    )


def answer_of(words: tuple[str, ...]) -> str:
    """Return what `aws ec2 describe-addresses` of one public address prints: its allocation id.

    Nobody knows it here, so it is FOUND and the address.
    """
    action, options = _call(words)
    asked = [
        *options.get("public-ips", ()),
        *options.get("filters", ()),
        *options.get("filter", ()),
    ]
    found = [_address(word.removeprefix(_BY_ADDRESS)) for word in asked if is_known(word)]
    return f"{FOUND}{found[0]}" if action == "describe-addresses" and any(found[:1]) else ""


def _call(words: tuple[str, ...]) -> tuple[str, Options]:
    """Return what `aws ec2 ACTION` is to do, and its options; empty for another command."""
    programs = [PurePosixPath(word).name for word in words]
    if "aws" not in programs:
        return "", {}
    options, plain = _options(words[programs.index("aws") + 1 :])
    return (plain[1], options) if plain[:1] == ["ec2"] and len(plain) > 1 else ("", {})


def _options(words: tuple[str, ...]) -> tuple[Options, list[str]]:
    """Take `--name value ...` and `--name=value` apart; what stands before any is plain."""
    options: Options = {}
    plain: list[str] = []
    name = ""
    for word in words:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            options[name] = [value] if equals else []
        elif name in {"region", "output", "profile"} and options[name]:
            plain.append(word)  # a global option before `ec2`
        elif name:
            options[name].append(word)
        else:
            plain.append(word)
    return options, plain


def _one(options: Options, name: str) -> str:
    """Return the option's only value; empty where there is none, or none that is known."""
    values = options.get(name, [])
    return values[0] if values and is_known(values[0]) and values[0].isprintable() else ""


def _unknown(options: Options, *names: str) -> tuple[str, ...]:
    return tuple(
        f"--{name} {value} has a value that is not in the script"
        for name in names
        for value in options.get(name, [])
        if not is_known(value)
    )


def public_ip(address: str, resource: str, private: str) -> PublicIpTable:
    return PublicIpTable(address=address, resource_id=resource, private_address=private)


def partial_public(resource: str = "", private: str = "") -> str:
    pairs = {"address": "...", "resource_id": resource, "private_address": private}
    return _partial("public-ip", **{key: value for key, value in pairs.items() if value})


def _partial(kind: str, **pairs: str) -> str:
    return (
        "{ "
        + ", ".join(f'{key} = "{value}"' for key, value in {"kind": kind, **pairs}.items())
        + " }"
    )


def _public(asked: Asked, options: Options) -> Asked:
    wrong = _unknown(options, "public-ip", "allocation-id", "private-ip-address")
    written = _one(options, "allocation-id")
    resource = written if _ID.fullmatch(written) else ""
    private = _address(_one(options, "private-ip-address"))
    address = _address(_one(options, "public-ip") or written.removeprefix(FOUND))
    if address:
        return replace(asked, claims=(public_ip(address, resource, private),), wrong=wrong)
    if resource:  # the address itself may stand in another command
        return replace(asked, allocation=resource, private_address=private, wrong=wrong)
    wrong = (*wrong, "the public address is not in the script")
    return replace(asked, wrong=wrong, partial=(partial_public("", private),))


def _private(name: str) -> Callable[[Asked, Options], Asked]:
    def build(asked: Asked, options: Options) -> Asked:
        words = [word for value in options.get(name, []) for word in value.split()]
        found = [_address(word) for word in words if is_known(word)]
        claims = tuple(PrivateIpTable(address=one) for one in found if one)
        wrong = _unknown(options, name)
        if not claims and not wrong:
            wrong = (f"--{name} names no address",)
        partial = (_partial("private-ip", address="..."),) if wrong else ()
        return replace(asked, claims=claims, wrong=wrong, partial=partial)

    return build


def _route(asked: Asked, options: Options) -> Asked:
    names = ("destination-cidr-block", "destination-ipv6-cidr-block")
    destination = next((one for name in names if (one := _network(_one(options, name)))), "")
    table = _one(options, "route-table-id")
    table = table if _ID.fullmatch(table) else ""
    if destination and table:
        return replace(asked, claims=(RouteTable(destination=destination, tables=(table,)),))
    wrong = _unknown(options, *names, "route-table-id")
    known = f'destination = "{destination or "..."}", tables = ["{table or "rtb-..."}"]'
    return replace(
        asked,
        wrong=wrong or ("the destination or the route table is not in the script",),
        partial=(f'{{ kind = "route", {known} }}',),
    )


def _address(text: str) -> str:
    found = parse_address(text.removesuffix("/32"), "", Problems("")) if text else None
    return "" if found is None or found.is_link_local else str(found)


def _network(text: str) -> str:
    """Return the network as the toml has it, without host bits."""
    try:
        found = str(ip_network(text, strict=False))
    except ValueError:
        return ""
    return found if parse_network(found, "", Problems("")) is not None else ""


_ACTIONS: dict[str, Callable[[Asked, Options], Asked]] = {
    "associate-address": _public,
    "assign-private-ip-addresses": _private("private-ip-addresses"),
    "assign-ipv6-addresses": _private("ipv6-addresses"),
    "replace-route": _route,
    "create-route": _route,
}
