"""The real hashicorp/aws, where this machine has it, without any cloud.

It agrees with the schema that the other tests stand on, and takes the module and its examples.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from terraform.aws_provider import MISSING, Real, provider, serving
from terraform.stubs import SCHEMAS
from terraform.trees import EXAMPLES, name, required
from terraform.workspace import Workspace

Json = dict[str, Any]
Make = Callable[..., Workspace]

FOUND = provider()
if FOUND is None:
    pytest.skip(MISSING, allow_module_level=True)

pytestmark = pytest.mark.timeout(300)  # each reads a schema of thirteen megabytes

ADDRESS = "registry.terraform.io/hashicorp/aws"
AWS = [each for each in EXAMPLES if (required(each) or ("",))[0] == "aws"]
FLAGS = ("computed", "optional", "required", "sensitive")
# Where 5.100 has become another than 5.61, whose schema is replayed, or its bindings do not tell.
KNOWN = {
    "aws_lb_listener.default_action.authenticate_oidc.client_secret: sensitive",
    "aws_lb_listener.default_action.forward.target_group: max_items",
    "aws_vpc_endpoint.service_name: optional",
    "aws_vpc_endpoint.service_name: required",
    "aws_ec2_instance_type.inference_accelerators: type",
}
# What data sources say of an account that is not there, and what is made, in words that the module accepts.
MOCKED = """
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1", name = "eu-central-1" }
  }
  mock_data "aws_subnet" {
    defaults = { cidr_block = "10.0.0.0/16", vpc_id = "vpc-0a", availability_zone = "eu-central-1a" }
  }
  mock_resource "aws_vpc" {
    defaults = { ipv6_cidr_block = "2001:db8::/56" }
  }
  mock_resource "aws_subnet" {
    defaults = { id = "subnet-0a" }
  }
  mock_resource "aws_eip" {
    defaults = { public_ip = "203.0.113.7", allocation_id = "eipalloc-0a" }
  }
  mock_resource "aws_vpc_endpoint" {
    defaults = { dns_entry = [{ dns_name = "vpce-0a.ec2.eu-central-1.vpce.amazonaws.com", hosted_zone_id = "Z" }] }
  }
}
"""
PLANNED = """
run "planned" {
  command = plan
}
"""
APPLIED = """
run "applied" {
  command = apply

  assert {
    condition     = strcontains(output.cloudfail_toml, "address = \\"203.0.113.7\\"")
    error_message = "The address of the claim is not in cloudfail.toml."
  }
  assert {
    condition     = jsondecode(output.policy).Statement[0].Action == ["ec2:DescribeAddresses"]
    error_message = "The node may not look."
  }
}
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    assert FOUND is not None
    with serving(FOUND, tmp_path_factory.mktemp("provider")) as running:
        yield running


def differences(ours: Json, theirs: Json, where: str) -> Iterator[str]:
    """Where a block of the replayed schema is another than the real one; what is newer is left out."""
    for key, each in ours["attributes"].items():
        found = theirs["attributes"].get(key, {})
        if each["type"] != found.get("type"):
            yield f"{where}.{key}: type"
        yield from (f"{where}.{key}: {flag}" for flag in FLAGS if each.get(flag) != found.get(flag))
    for key, each in ours.get("block_types", {}).items():
        found = theirs.get("block_types", {}).get(key)
        if found is None:
            yield f"{where}.{key}: is no block"
            continue
        facts = ("nesting_mode", "min_items", "max_items")
        yield from (f"{where}.{key}: {fact}" for fact in facts if each.get(fact) != found.get(fact))
        yield from differences(each["block"], found["block"], f"{where}.{key}")


def test_the_replayed_schema_is_the_real_one(real: Real, workspace: Make) -> None:
    place = workspace(None, real)
    place.write(
        "main.tf",
        'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n',
    )
    place.init()
    told = json.loads(place.run("providers", "schema", "-json").stdout)["provider_schemas"][ADDRESS]
    stored = json.loads((SCHEMAS / "aws-5.json").read_text(encoding="utf-8"))
    replayed = stored["provider_schemas"][ADDRESS]
    found = [
        difference
        for kind in ("resource_schemas", "data_source_schemas")
        for key, each in replayed[kind].items()
        for difference in differences(each["block"], told[kind][key]["block"], key)
    ]
    assert len(replayed["resource_schemas"]) > 30
    assert set(found) <= KNOWN


def test_the_module_and_its_examples_are_valid(real: Real, workspace: Make) -> None:
    place = workspace("terraform", real)
    blocks = [f'module "{each.parent.name}" {{\n  source = "../{name(each)}"\n}}\n' for each in AWS]
    place.write("main.tf", "\n".join(blocks))
    place.init()
    place.validate()


@pytest.mark.parametrize(
    ("example", "run"),
    [("aws-public-ip", APPLIED), ("aws-nlb-responder", PLANNED)],
    ids=["aws-public-ip", "aws-nlb-responder"],
)
def test_a_mocked_provider_takes_an_example(
    example: str, run: str, real: Real, workspace: Make
) -> None:
    """The mocks have the schema of the real provider, validators and all."""
    place = workspace(f"examples/{example}/terraform", real)
    place.write("mocked.tftest.hcl", MOCKED + run)
    place.init()
    assert "1 passed, 0 failed" in place.test()
