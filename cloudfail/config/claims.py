"""The claims of an instance: parsed, each by its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from cloudfail.config.claim_tables import KINDS, ForwardingRuleTable, PrivateIpTable, PublicIpTable
from cloudfail.config.problems import Problems, suggest
from cloudfail.config.shape import add_unknown, check_table
from cloudfail.config.values import parse_address, parse_network
from cloudfail.model import Claim, ForwardingRule, PrivateIp, PublicIp, Route

Keyed = tuple[str, Claim]


def read_claims(tables: Iterable[Any], key: str, problems: Problems) -> list[Keyed]:
    """Return the claims that are right, each with its key; a route gives one a table."""
    keyed: list[Keyed] = []
    for index, table in enumerate(tables):
        where = f"{key}.claim[{index}]"
        keyed.extend((where, claim) for claim in _read_claim(table, where, problems))
    return keyed


def _read_claim(table: Any, key: str, problems: Problems) -> tuple[Claim, ...]:
    if not isinstance(table, Mapping):
        problems.add(
            key, "must be a table", "write [[" + key.split(".claim", maxsplit=1)[0] + ".claim]]"
        )
        return ()
    kind = table.get("kind")
    if kind is None:
        problems.add(f"{key}.kind", "is missing", f"kinds: {', '.join(KINDS)}")
        return ()
    if not isinstance(kind, str) or kind not in KINDS:
        problems.add(f"{key}.kind", f'unknown kind "{kind}"', suggest(str(kind), KINDS))
        return ()
    before = problems.count()
    good = _check_fields(table, kind, key, problems)
    claims = _build(kind, good, key, problems)
    return claims if problems.count() == before else ()


def _check_fields(
    table: Mapping[str, Any], kind: str, key: str, problems: Problems
) -> dict[str, Any]:
    """A field of another kind gets a message of its own: it is a mix-up, not a typing error."""
    own = set(KINDS[kind].__struct_fields__) | {"kind"}
    foreign = {name: _kinds_with(name) for name in table if name not in own and _kinds_with(name)}
    for name, kinds in foreign.items():
        problems.add(
            f"{key}.{name}",
            f'does not belong to kind "{kind}"',
            f"it is a field of {' and '.join(kinds)}; {kind} has {', '.join(sorted(own))}",
        )
    for name in sorted(set(table) - own - set(foreign)):
        add_unknown(f"{key}.{name}", name, sorted(own), problems)
    rest = {name: value for name, value in table.items() if name in own and name != "kind"}
    return check_table(rest, KINDS[kind], key, problems)


def _kinds_with(name: str) -> list[str]:
    return [kind for kind, table in KINDS.items() if name in table.__struct_fields__]


def _build(kind: str, good: dict[str, Any], key: str, problems: Problems) -> tuple[Claim, ...]:
    if kind == PublicIpTable.__struct_config__.tag:
        return _public_ip(good, key, problems)
    if kind == PrivateIpTable.__struct_config__.tag:
        return _private_ip(good, key, problems)
    if kind == ForwardingRuleTable.__struct_config__.tag:
        return (ForwardingRule(**good),) if "name" in good else ()
    return _routes(good, key, problems)


def _public_ip(good: dict[str, Any], key: str, problems: Problems) -> tuple[Claim, ...]:
    if "address" not in good:
        return ()
    address = parse_address(good["address"], f"{key}.address", problems)
    text = good.get("private_address", "")
    private = parse_address(text, f"{key}.private_address", problems) if text else None
    if address is None:
        return ()
    if private is not None and private.version != address.version:
        problems.add(
            f"{key}.private_address",
            f"{private} is IPv{private.version}, but {address} is IPv{address.version}",
            "the private address must be of the public one's family",
        )
    resource_id = good.get("resource_id", "")
    return (PublicIp(address=address, private_address=private, resource_id=resource_id),)


def _private_ip(good: dict[str, Any], key: str, problems: Problems) -> tuple[Claim, ...]:
    if "address" not in good:
        return ()
    claim = read_private_ip(good["address"], f"{key}.address", problems)
    if claim is None:
        return ()
    return (msgspec.structs.replace(claim, resource_id=good.get("resource_id", "")),)


def read_private_ip(text: str, key: str, problems: Problems) -> PrivateIp | None:
    """Return the claim of an address, or of a range where the text has a prefix length."""
    if "/" not in text:
        address = parse_address(text, key, problems)
        return PrivateIp(address=address) if address is not None else None
    network = parse_network(text, key, problems)
    if network is None:
        return None
    if network.num_addresses == 1:
        return PrivateIp(address=network.network_address)
    return PrivateIp(address=network.network_address, prefix_length=network.prefixlen)


def _routes(good: dict[str, Any], key: str, problems: Problems) -> tuple[Claim, ...]:
    if "destination" not in good or "tables" not in good:
        return ()
    destination = parse_network(good["destination"], f"{key}.destination", problems)
    if destination is None:
        return ()
    role_arn = good.get("role_arn", "")
    return tuple(
        Route(destination=destination, table=table, role_arn=role_arn) for table in good["tables"]
    )
