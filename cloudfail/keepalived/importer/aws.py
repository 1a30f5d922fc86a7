"""What the old script asks AWS for, as claims: never run, only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import PurePosixPath

from msgspec import Struct

from cloudfail.config.claim_tables import ClaimTable, PrivateIpTable, PublicIpTable, RouteTable
from cloudfail.config.problems import Problems
from cloudfail.config.values import parse_address, parse_network
from cloudfail.keepalived.importer.shell import Command

Options = dict[str, list[str]]
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

    `wrong` says what it needs and the script does not say, `aside` what is left out of it.
    """

    claims: tuple[ClaimTable, ...] = ()
    region: str = ""
    interface_id: str = ""
    releases: str = ""
    wrong: tuple[str, ...] = ()
    aside: str = ""


def asked_by(command: Command) -> Asked | None:
    """Return None for a command that is not `aws ec2 ...` or that changes nothing known here."""
    programs = [PurePosixPath(word).name for word in command.words]
    if "aws" not in programs:
        return None
    words = command.words[programs.index("aws") + 1 :]
    options, plain = _options(words)
    if plain[:1] != ["ec2"] or len(plain) < 2:  # noqa: PLR2004 - ec2, and what it is to do
        return None
    action = plain[1]
    region = _one(options, "region", command)
    if action in _RELEASES:
        return Asked(region=region, releases=_address(_one(options, "public-ip", command)))
    build = _ACTIONS.get(action)
    if build is None:
        return None
    claims, wrong = build(options, command)
    return Asked(
        claims=tuple(claims),
        region=region,
        interface_id=_one(options, "network-interface-id", command),
        wrong=tuple(wrong),
        aside=_INSTANCE_ID if options.get("instance-id") else "",
    )


_INSTANCE_ID = (
    "--instance-id names an instance, and claims move to a network interface: the primary one, by "
    "the metadata service, unless the node has an interface_id"
)


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


def _one(options: Options, name: str, command: Command) -> str:
    """Return the option's only value; empty where there is none, or none that is known."""
    values = options.get(name, [])
    return values[0] if values and command.is_known(values[0]) and values[0].isprintable() else ""


def _unknown(options: Options, name: str, command: Command) -> Iterator[str]:
    for value in options.get(name, []):
        if not command.is_known(value):
            yield f"--{name} {value} has a value that is not in the script"


def _public(options: Options, command: Command) -> tuple[list[ClaimTable], list[str]]:
    wrong = [*_unknown(options, "public-ip", command), *_unknown(options, "allocation-id", command)]
    resource = _one(options, "allocation-id", command)
    resource = resource if resource.startswith("eipalloc-") else ""
    text = _one(options, "public-ip", command)
    private = _one(options, "private-ip-address", command)
    wrong += _unknown(options, "private-ip-address", command)
    address = _address(text)
    if not address:
        if resource:  # the address itself may stand in another command
            return [
                PublicIpTable(address="?", resource_id=resource, private_address=_address(private))
            ], wrong
        return [], [*wrong, "the public address is not in the script"]
    return [
        PublicIpTable(address=address, resource_id=resource, private_address=_address(private))
    ], wrong


def _private(name: str) -> Callable[[Options, Command], tuple[list[ClaimTable], list[str]]]:
    def build(options: Options, command: Command) -> tuple[list[ClaimTable], list[str]]:
        found = [_address(word) for word in options.get(name, []) if command.is_known(word)]
        wrong = list(_unknown(options, name, command))
        claims: list[ClaimTable] = [PrivateIpTable(address=one) for one in found if one]
        if not claims and not wrong:
            wrong = [f"--{name} names no address"]
        return claims, wrong

    return build


def _route(options: Options, command: Command) -> tuple[list[ClaimTable], list[str]]:
    names = ("destination-cidr-block", "destination-ipv6-cidr-block")
    written = next((one for name in names if (one := _one(options, name, command))), "")
    table = _one(options, "route-table-id", command)
    wrong = [one for name in (*names, "route-table-id") for one in _unknown(options, name, command)]
    destination = _network(written)
    if not destination or not table.startswith("rtb-"):
        return [], [*wrong, "the destination or the route table is not in the script"]
    return [RouteTable(destination=destination, tables=(table,))], wrong


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


_ACTIONS: dict[str, Callable[[Options, Command], tuple[list[ClaimTable], list[str]]]] = {
    "associate-address": _public,
    "assign-private-ip-addresses": _private("private-ip-addresses"),
    "assign-ipv6-addresses": _private("ipv6-addresses"),
    "replace-route": _route,
    "create-route": _route,
}
