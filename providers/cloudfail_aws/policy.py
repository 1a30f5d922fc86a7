"""The least IAM policy for a set of claims, from `permissions.json`, the one source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from cloudfail.model import Claim, PrivateIp, PublicIp, Route
from cloudfail.provider import Permission

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
    return [
        Permission(action=action, method=entry.method, why=entry.why, write=entry.write)
        for action, entry in _needed(_cases(claims, AwsSettings()))
    ]


def policy(claims: Sequence[Claim], settings: AwsSettings) -> Mapping[str, str]:
    """Return two IAM documents: `read` is enough to look, a node that takes needs `write` too.

    ARNs are as narrow as the claims and settings are: region, allocation ids, tables, roles.
    """
    scope = Scope(claims=tuple(claims), settings=settings)
    needed = [item for item in _needed(_cases(claims, settings)) if item[1].method != _CHECK]
    own = [item for item in needed if not item[0].startswith("sts:")]
    reads = [_statement("Look", [action for action, e in own if not e.write], ["*"], scope.here)]
    writes = [s for action, entry in own if entry.write for s in scope.statements(action, entry)]
    roles = sorted({settings.role_arn, *_roles(claims)} - {""})
    if roles:
        reads.append(_statement("AssumeRole", ["sts:AssumeRole"], roles))
    return {"read": _document(reads), "write": _document(writes)}


class Scope(msgspec.Struct, frozen=True):
    """Which objects the claims touch, as ARNs."""

    claims: tuple[Claim, ...]
    settings: AwsSettings

    @property
    def here(self) -> Mapping[str, Mapping[str, str]]:
        region = self.settings.region
        return {"StringEquals": {"ec2:Region": region}} if region else {}

    def statements(self, action: str, entry: Entry) -> Iterator[dict[str, Any]]:
        """Yield one statement a resource type: EC2 checks each object of a call by itself."""
        name = action.partition(":")[2]
        for kind in entry.resources:
            sid = name + "".join(part.title() for part in kind.split("-"))
            if len(entry.resources) == 1:
                sid = name
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
                role = claim.role_arn or self.settings.role_arn
                yield self._arn("route-table", claim.table, _account_of(role))

    def _arn(self, kind: str, name: str, account: str = "") -> str:
        region = self.settings.region
        owner = account or _account_of(self.settings.role_arn) or "*"
        return f"arn:{partition_of(region)}:ec2:{region or '*'}:{owner}:{kind}/{name}"


def partition_of(region: str) -> str:
    """Return the ARN's partition: China and GovCloud are clouds of their own."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@cache
def catalogue() -> Mapping[str, Entry]:
    """Return the file's entries by action."""
    text = files("cloudfail_aws").joinpath("permissions.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Entry])


def _needed(cases: frozenset[str]) -> Iterator[tuple[str, Entry]]:
    for action, entry in catalogue().items():
        if not cases.isdisjoint(entry.needed_for):
            yield action, entry


def _cases(claims: Sequence[Claim], settings: AwsSettings) -> frozenset[str]:
    found = {"role"} if settings.role_arn or any(_roles(claims)) else set()
    for claim in claims:
        if isinstance(claim, PrivateIp) and claim.address.version == 6:  # noqa: PLR2004 - IPv6
            found.add("private-ip-v6")
        else:
            found.add(claim.kind)
        if isinstance(claim, PublicIp) and claim.private_address is not None:
            # Only the look at its holder's addresses tells whose the seat is.
            found.add("public-ip-seated")
    return frozenset(found)


def _roles(claims: Sequence[Claim]) -> Iterator[str]:
    return (claim.role_arn for claim in claims if isinstance(claim, Route) and claim.role_arn)


def _account_of(role_arn: str) -> str:
    parts = role_arn.split(":")
    return parts[4] if len(parts) > 5 else ""  # noqa: PLR2004 - arn:partition:iam::account:role/x


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
