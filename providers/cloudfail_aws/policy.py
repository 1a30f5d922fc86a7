"""The least IAM policy for a set of claims, from `permissions.json`, the one source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from cloudfail.model import Claim, PrivateIp, PublicIp, Route
from cloudfail.provider import Permission

from cloudfail_aws.arn import account_of, partition_of
from cloudfail_aws.settings import AwsSettings

_CHECK = "check"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A permission as the file has it. `needed_for` names kinds, and the cases `_cases` tells."""

    method: str
    why: str
    needed_for: tuple[str, ...]
    write: bool
    resources: tuple[str, ...]


def permissions(claims: Sequence[Claim]) -> Sequence[Permission]:
    """Return what these claims need. Those of method `check` serve `--check` only."""
    foreign = {claim.role_arn for claim in claims if isinstance(claim, Route)} - {""}
    cases = _cases(claims) | ({"role", "route-table"} if foreign else set())
    return [
        Permission(action=action, method=entry.method, why=entry.why, write=entry.write)
        for action, entry in _needed(cases)
    ]


def policy(claims: Sequence[Claim], settings: AwsSettings) -> Mapping[str, str]:
    """Return IAM documents: `read` is enough for a role that looks, `write` for one that takes.

    Where roles are assumed, these two are the node's own, and each assumed role's document goes
    by its ARN. Resources are as narrow as the claims and settings tell: region, allocation ids,
    addresses, tables.
    """
    foreign = sorted({claim.role_arn for claim in claims if isinstance(claim, Route)} - {""})
    here = tuple(c for c in claims if not (isinstance(c, Route) and c.role_arn))
    own = Scope(here, settings, account_of(settings.role_arn)).statements(_cases(claims))
    looks = [statement for statement in own if statement["Sid"] == "Look"]
    assumed = sorted({settings.role_arn, *foreign} - {""})
    assume = [_statement("AssumeRole", ["sts:AssumeRole"], assumed)] if assumed else []
    documents = {"read": looks + assume, "write": own + assume}
    if settings.role_arn:
        documents = {"read": assume, "write": assume, settings.role_arn: own}
    for arn in foreign:
        there = tuple(c for c in claims if isinstance(c, Route) and c.role_arn == arn)
        scope = Scope(there, settings, account_of(arn))
        statements = documents.get(arn, []) + scope.statements(frozenset({"route-table"}))
        documents[arn] = statements
    return {name: _document(statements) for name, statements in documents.items()}


class Scope(msgspec.Struct, frozen=True):
    """Which objects the claims touch in one account (empty: not known), as ARNs."""

    claims: tuple[Claim, ...]
    settings: AwsSettings
    account: str = ""

    def statements(self, cases: frozenset[str]) -> list[dict[str, Any]]:
        """Return one statement to look, and for each write one a resource type.

        EC2 checks every object of a call by itself.
        """
        needed = [item for item in _needed(cases) if item[1].method != _CHECK]
        looks = [action for action, entry in needed if not entry.write]
        region = self.settings.region
        here = {"StringEquals": {"ec2:Region": region}} if region else {}
        found = [_statement("Look", looks, ["*"], here)] if looks else []
        for action, entry in needed:
            if entry.write:
                found += self._writes(action, entry)
        return found

    def _writes(self, action: str, entry: Entry) -> Iterator[dict[str, Any]]:
        name = action.partition(":")[2]
        for kind in entry.resources:
            suffix = "".join(part.title() for part in kind.split("-"))
            sid = name + suffix if len(entry.resources) > 1 else name
            yield from self._of_kind(sid, action, kind)

    def _of_kind(self, sid: str, action: str, kind: str) -> Iterator[dict[str, Any]]:
        if kind == "route-table":
            yield _statement(sid, [action], sorted(set(self._tables())))
        elif kind == "elastic-ip":
            yield from self._elastic_ips(sid, action)
        else:
            yield _statement(sid, [action], [self._arn(kind, "*")])

    def _elastic_ips(self, sid: str, action: str) -> Iterator[dict[str, Any]]:
        claims = [claim for claim in self.claims if isinstance(claim, PublicIp)]
        known = sorted({claim.resource_id for claim in claims} - {""})
        if known:
            arns = [self._arn("elastic-ip", allocation) for allocation in known]
            yield _statement(sid, [action], arns)
        addresses = sorted({str(claim.address) for claim in claims if not claim.resource_id})
        if addresses:
            condition = {"StringEquals": {"ec2:PublicIpAddress": _one_or_many(addresses)}}
            arns = [self._arn("elastic-ip", "*")]
            yield _statement(f"{sid}ByAddress" if known else sid, [action], arns, condition)

    def _tables(self) -> Iterator[str]:
        for claim in self.claims:
            if isinstance(claim, Route):
                yield self._arn("route-table", claim.table)

    def _arn(self, kind: str, name: str) -> str:
        region = self.settings.region
        where = f"{region or '*'}:{self.account or '*'}"
        return f"arn:{partition_of(region)}:ec2:{where}:{kind}/{name}"


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return the file's entries by action."""
    text = files("cloudfail_aws").joinpath("permissions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Entry])


def _needed(cases: frozenset[str]) -> Iterator[tuple[str, Entry]]:
    for action, entry in catalogue().items():
        if not cases.isdisjoint(entry.needed_for):
            yield action, entry


def _cases(claims: Sequence[Claim]) -> frozenset[str]:
    """Return the cases of `needed_for` that the node's own credentials meet."""
    found = set()
    for claim in claims:
        is_v6 = isinstance(claim, PrivateIp) and claim.address.version == 6  # noqa: PLR2004 - IPv6
        found.add("private-ip-v6" if is_v6 else claim.kind)
        if isinstance(claim, Route) and not claim.role_arn:
            found.add("route-table")
        if isinstance(claim, PublicIp) and claim.private_address is not None:
            # Only the look at its holder's addresses tells whose the seat is.
            found.add("public-ip-seated")
    return frozenset(found)


def _statement(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Any] = {}
) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": _one_or_many(resources),
    }
    return {**statement, "Condition": dict(condition)} if condition else statement


def _one_or_many(texts: Sequence[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)


def _document(statements: Sequence[Mapping[str, Any]]) -> str:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
