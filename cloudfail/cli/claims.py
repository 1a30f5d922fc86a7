"""Claims named by flags: the drop-in for a script, without a file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence

from cloudfail.config.claims import read_private_ip
from cloudfail.config.model import ConfiguredNode
from cloudfail.config.problems import Problems
from cloudfail.config.rules import check_claims, check_kinds
from cloudfail.config.values import parse_address, parse_network
from cloudfail.errors import UsageError
from cloudfail.model import (
    Address,
    Claim,
    ForwardingRule,
    Network,
    PrivateIp,
    PublicIp,
    Route,
)
from cloudfail.provider import ProviderSpec

Flagged = tuple[str, Claim]
FLAGS = ("public_ip", "forwarding_rule", "private_ip", "route")


def has_claims(args: Namespace) -> bool:
    """Say whether claims were named by flags."""
    return any(getattr(args, name, None) for name in FLAGS)


def claims_of(args: Namespace) -> tuple[Flagged, ...]:
    """Return the claims, each with its flag. Raises UsageError for one that is none."""
    if getattr(args, "to_private_ip", None) and not args.public_ip:
        raise UsageError("--to-private-ip says where a public address sits: add --public-ip")
    flagged = tuple(_each(args))
    for flag, claim in flagged:
        if [str(other) for _, other in flagged].count(str(claim)) > 1:
            raise UsageError(f"{flag}: {claim} is named twice; once is enough")
    return flagged


def check_flagged(
    flagged: Sequence[Flagged],
    nodes: Sequence[ConfiguredNode],
    protected: Sequence[Network],
    spec: ProviderSpec,
) -> None:
    """Hold claims by flags to the rules that those of a file obey. Raises ConfigError."""
    problems = Problems("command line")
    check_claims(flagged, nodes, protected, problems)
    check_kinds(flagged, spec, "claims", problems)
    if problems.found:
        raise problems.found[0].as_error()


def name_of(flagged: Sequence[Flagged], provider: str) -> str:
    """Name an instance that has none by what it claims: roles and locks are kept by it."""
    targets = sorted(claim.target.replace(" ", "_").replace("/", "_") for _, claim in flagged)
    return "-".join([provider, *targets])


def _each(args: Namespace) -> Iterator[Flagged]:
    private = _optional(args.to_private_ip, "--to-private-ip")
    for text in args.public_ip:
        address = _address(text, "--public-ip")
        if private is not None and private.version != address.version:
            raise UsageError(
                f"--to-private-ip {private} is IPv{private.version}, but {address} is "
                f"IPv{address.version}; name one of the same family"
            )
        yield "--public-ip", PublicIp(address=address, private_address=private)
    for text in args.forwarding_rule:
        yield "--forwarding-rule", _forwarding_rule(text)
    for text in args.private_ip:
        yield "--private-ip", _private_ip(text)
    for text in args.route:
        yield "--route", _route(text)


def _private_ip(text: str) -> PrivateIp:
    problems = Problems("")
    claim = read_private_ip(text, "--private-ip", problems)
    if claim is None:
        raise UsageError(str(problems.found[0]))
    return claim


def _forwarding_rule(text: str) -> ForwardingRule:
    parts = text.split("/")
    if len(parts) > 3 or not all(parts):  # noqa: PLR2004 - project, region, name
        raise UsageError(
            f'--forwarding-rule: "{text}" is not [[PROJECT/]REGION/]NAME, like europe-west1/edge'
        )
    project, region, name = (*("", "")[: 3 - len(parts)], *parts)
    return ForwardingRule(name=name, region=region, project=project)


def _route(text: str) -> Route:
    table, equals, network = text.partition("=")
    if not (table and equals and network):
        raise UsageError(f'--route: "{text}" is not TABLE=NETWORK, like rtb-0aa=10.99.0.0/16')
    problems = Problems("")
    destination = parse_network(network, "--route", problems)
    if destination is None:
        raise UsageError(str(problems.found[0]))
    return Route(destination=destination, table=table)


def _optional(text: str | None, flag: str) -> Address | None:
    return _address(text, flag) if text else None


def _address(text: str, flag: str) -> Address:
    problems = Problems("")
    address = parse_address(text, flag, problems)
    if address is None:
        raise UsageError(str(problems.found[0]))
    return address
