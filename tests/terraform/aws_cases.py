"""The AWS module with claims of each kind, in one configuration: one apply for all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from terraform.stubs import Stub
from terraform.workspace import Workspace

Values = dict[str, Any]

V6 = "2001:db8:0:1::100"
ROLE = "arn:aws:iam::210987654321:role/routes"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:edge-AbCdEf"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
PUBLIC: Values = {"kind": "public-ip", "resource_id": "eipalloc-0a"}
MADE: Values = {"kind": "public-ip", "allocate": True}
SEATED: Values = {"kind": "public-ip", "address": "203.0.113.8", "private_address": "10.0.1.100"}
PRIVATE: Values = {"kind": "private-ip", "address": "10.0.1.100"}
PRIVATE6: Values = {"kind": "private-ip", "address": V6}
ROUTES: Values = {"kind": "route", "destination": "10.99.0.0/16", "tables": ["rtb-0b", "rtb-0a"]}
ROUTE6: Values = {"kind": "route", "destination": "2001:db8:99::/48", "tables": ["rtb-0a"]}
FOREIGN: Values = {
    "kind": "route",
    "destination": "10.98.0.0/16",
    "tables": ["rtb-0c"],
    "role_arn": ROLE,
}
CLAIMS: Mapping[str, list[Values]] = {
    "public-ip": [PUBLIC],
    "made": [MADE],
    "seated": [SEATED, PRIVATE],
    "private-ip": [PRIVATE],
    "private-ip-v6": [PRIVATE6],
    "route": [ROUTES, ROUTE6],
    "foreign": [FOREIGN],
    "routes-of-two-accounts": [ROUTES, FOREIGN],
    "everything": [MADE, SEATED, PRIVATE, PRIVATE6, ROUTES, ROUTE6, FOREIGN],
}
OUTPUTS = ("cloudfail_toml", "policy", "assumed_policies", "addresses", "nodes", "check_commands")


def prepare(aws: Stub) -> None:
    """What exists before: a subnet, and two Elastic IPs."""
    aws.tell("aws_subnet", vpc_id="vpc-0a", cidr_block="10.0.1.0/24")
    aws.tell("aws_eip", {"id": "eipalloc-0a"}, public_ip="203.0.113.7")
    aws.tell("aws_eip", {"public_ip": "203.0.113.8"}, id="eipalloc-0b")


def inputs(claims: list[Values], **more: Any) -> Values:
    """The inputs of a pair that claims this."""
    return {
        "source": "./aws",
        "virtual_router_id": 51,
        "own_egress": "endpoint",
        "endpoint_services": [],
        "claims": claims,
        "nodes": {
            "a": {"subnet_id": "subnet-0a", "address": "10.0.1.10", "priority": 150},
            "b": {"subnet_id": "subnet-0a", "address": "10.0.1.11", "priority": 100},
        },
        **more,
    }


def pairs(
    workspace: Callable[..., Workspace], aws: Stub, modules: Mapping[str, Values]
) -> Workspace:
    """A workspace with a module of each name, and its outputs by that name."""
    prepare(aws)
    made = workspace("terraform", aws)
    outputs = {
        name: {"value": {each: f"${{module.{name}.{each}}}" for each in OUTPUTS}}
        for name in modules
    }
    text = json.dumps({"module": modules, "output": outputs})
    made.write("main.tf.json", text)
    made.init()
    return made
