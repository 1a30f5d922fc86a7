"""IAM policy documents, judged by moto's own evaluator, statement by statement.

Moto alone asks every EC2 action for the resource `*`, so that a policy with ARNs is always denied.
Here each action is asked for the resources that it acts on, and all of them must be allowed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any

import msgspec
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.request import ApiRequest

# The resource types that the Service Authorization Reference requires for these EC2 actions.
_RESOURCES = {
    "AssociateAddress": {"AllocationId": "elastic-ip", "NetworkInterfaceId": "network-interface"},
    "AssignPrivateIpAddresses": {"NetworkInterfaceId": "network-interface"},
    "UnassignPrivateIpAddresses": {"NetworkInterfaceId": "network-interface"},
    "AssignIpv6Addresses": {"NetworkInterfaceId": "network-interface"},
    "UnassignIpv6Addresses": {"NetworkInterfaceId": "network-interface"},
    "ModifyNetworkInterfaceAttribute": {"NetworkInterfaceId": "network-interface"},
    "CreateRoute": {"RouteTableId": "route-table"},
    "ReplaceRoute": {"RouteTableId": "route-table"},
    "DeleteRoute": {"RouteTableId": "route-table"},
}


class Verdict(Enum):
    ALLOWED = auto()
    DENIED = auto()
    SILENT = auto()


class Resource(msgspec.Struct, frozen=True):
    """An ARN, or `*`, and what it names has: tags, and condition keys of its own."""

    arn: str
    tags: Mapping[str, str] = {}
    keys: Mapping[str, str] = {}


def resources_of(request: ApiRequest, scope: str, tags: Any, keys: Any) -> list[Resource]:
    """Name what the request acts on; `scope` is region:account, `tags` maps an id to its tags."""
    if request.service == "sts":
        return [Resource(request.params.get("RoleArn", "*"))]
    found = [
        Resource(
            f"arn:aws:ec2:{scope}:{kind}/{request.params[name]}",
            tags(request.params[name]),
            keys(request.params[name]),
        )
        for name, kind in _RESOURCES.get(request.operation, {}).items()
        if name in request.params
    ]
    return found or [Resource("*")]


class Policies:
    """The documents attached to one role. Raises UsageError for what moto cannot judge."""

    def __init__(self, documents: Sequence[Mapping[str, Any]], region: str) -> None:
        self._statements = [item for document in documents for item in _statements(document)]
        self._region = region
        for statement in self._statements:
            for operator in statement.get("Condition", {}):
                if operator != "StringEquals":
                    raise UsageError(
                        f"moto cannot judge the condition {operator!r}; only StringEquals: "
                        f"{json.dumps(statement)}"
                    )

    def allow(self, action: str, resource: Resource) -> bool:
        verdicts = {self._verdict(item, action, resource) for item in self._statements}
        return Verdict.ALLOWED in verdicts and Verdict.DENIED not in verdicts

    def _verdict(self, statement: Mapping[str, Any], action: str, resource: Resource) -> Verdict:
        from moto.iam.access_control import IAMPolicyStatement, PermissionResult

        facts = self._facts(statement, resource)
        result = IAMPolicyStatement(statement).is_action_permitted(
            action, resource.arn, None, facts
        )
        if result == PermissionResult.PERMITTED:
            return Verdict.ALLOWED
        if result == PermissionResult.DENIED and statement["Effect"] == "Deny":
            return Verdict.DENIED
        # Moto calls an Allow whose condition does not hold denied; IAM passes it over.
        return Verdict.SILENT

    def _facts(self, statement: Mapping[str, Any], resource: Resource) -> dict[str, str]:
        known = {"ec2:Region": self._region, "aws:RequestedRegion": self._region}
        known.update(resource.keys)
        for key, value in resource.tags.items():
            known[f"aws:ResourceTag/{key}"] = known[f"ec2:ResourceTag/{key}"] = value
        asked = [key for values in statement.get("Condition", {}).values() for key in values]
        # A key that is not there does not match; moto would pass the condition over.
        return {key: known.get(key, "") for key in asked}


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statements = document["Statement"]
    return list(statements) if isinstance(statements, list) else [statements]
