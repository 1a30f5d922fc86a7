"""The AWS module and its examples with the real hashicorp/aws provider, without any cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from terraform.aws_provider import MISSING, provider, serving
from terraform.workspace import NOWHERE, REPOSITORY, Workspace, copied

FOUND = provider()
if FOUND is None:
    pytest.skip(MISSING, allow_module_level=True)

EXAMPLES = sorted(
    str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob("examples/aws-*/terraform")
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    assert FOUND is not None
    with serving(FOUND, tmp_path_factory.mktemp("provider")) as variables:
        yield variables


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    (tmp_path / "terraform.rc").write_text(NOWHERE)
    return tmp_path


def at(directory: str, scratch: Path, served: Mapping[str, str]) -> Workspace:
    config = {"TF_CLI_CONFIG_FILE": str(scratch / "terraform.rc")}
    made = Workspace(copied(scratch) / directory, scratch, {**config, **served})
    made.init()
    return made


@pytest.mark.parametrize("directory", EXAMPLES)
def test_the_provider_finds_an_example_valid(
    directory: str, scratch: Path, served: Mapping[str, str]
) -> None:
    at(directory, scratch, served).validate()


# What data sources say of an account that is not there, in words that the module accepts.
MOCKED = """
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b"] }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1", name = "eu-central-1" }
  }
  mock_data "aws_subnet" {
    defaults = { cidr_block = "10.0.0.0/16", vpc_id = "vpc-0a", availability_zone = "eu-central-1a" }
  }
  mock_data "aws_vpc" {
    defaults = { id = "vpc-0a" }
  }
  mock_resource "aws_vpc" {
    defaults = { ipv6_cidr_block = "2001:db8::/56" }
  }
  mock_resource "aws_subnet" {
    defaults = { id = "subnet-0a" }
  }
  mock_resource "aws_route_table_association" {
    defaults = { subnet_id = "subnet-0a" }
  }
  mock_resource "aws_eip" {
    defaults = { public_ip = "203.0.113.7", allocation_id = "eipalloc-0a" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/cloudfail" }
  }
  mock_resource "aws_vpc_endpoint" {
    defaults = { dns_entry = [{ dns_name = "vpce-0a.ec2.eu-central-1.vpce.amazonaws.com", hosted_zone_id = "Z" }] }
  }
}

run "apply" {
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


def test_an_example_is_made_of_a_mocked_provider(scratch: Path, served: Mapping[str, str]) -> None:
    """The mocks have the schema of the real provider, validators and all."""
    made = at("examples/aws-public-ip/terraform", scratch, served)
    made.write("mocked.tftest.hcl", MOCKED)
    assert "1 passed, 0 failed" in made.test()
