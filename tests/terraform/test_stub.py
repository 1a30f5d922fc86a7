"""The stub provider behaves as a provider does, so that what is proven with it means something."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terraform.stubs import Stub
from terraform.workspace import RefusedError, Workspace

ROUTE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "cidr" {
  default = "0.0.0.0/0"
}
data "aws_vpc" "it" {
  id = "vpc-0a"
}
data "aws_caller_identity" "me" {}
resource "aws_route_table" "it" {
  vpc_id = data.aws_vpc.it.id
}
resource "aws_network_interface" "node" {
  for_each  = toset(["a", "b"])
  subnet_id = "subnet-0a"
}
resource "aws_route" "it" {
  route_table_id         = aws_route_table.it.id
  destination_cidr_block = var.cidr
  network_interface_id   = aws_network_interface.node["a"].id
  LIFECYCLE
}
output "cidr" {
  value = data.aws_vpc.it.cidr_block
}
output "arn" {
  value = aws_network_interface.node["a"].arn
}
output "account" {
  value = data.aws_caller_identity.me.account_id
}
"""
IGNORED = ROUTE.replace(
    "LIFECYCLE", "lifecycle {\n    ignore_changes = [network_interface_id]\n  }"
)
PLAIN = ROUTE.replace("LIFECYCLE", "")

Make = Callable[..., Workspace]
Stubs = Callable[[str], Stub]


@pytest.fixture
def aws(stub: Stubs) -> Stub:
    return stub("aws-5")


def started(workspace: Make, stub: Stub, text: str) -> Workspace:
    made = workspace(None, stub)
    made.write("main.tf", text)
    made.init()
    return made


def test_what_was_applied_needs_no_change(workspace: Make, aws: Stub) -> None:
    made = started(workspace, aws, PLAIN)
    assert set(made.plan().changes) == {
        "aws_route_table.it",
        'aws_network_interface.node["a"]',
        'aws_network_interface.node["b"]',
        "aws_route.it",
    }
    made.apply()
    again = made.plan()
    assert again.is_empty
    assert not again.changes


def test_a_value_decided_at_apply_has_the_cloud_s_shape(workspace: Make, aws: Stub) -> None:
    state = started(workspace, aws, PLAIN).apply()
    interface = state.resources['aws_network_interface.node["a"]']
    assert interface["id"].startswith("eni-")
    assert interface["arn"].endswith(f":123456789012:network-interface/{interface['id']}")
    assert state.outputs["account"] == "123456789012"


def test_an_object_changed_behind_terraform_s_back_is_changed_back(
    workspace: Make, aws: Stub
) -> None:
    made = started(workspace, aws, PLAIN)
    made.apply()
    move_route(aws)
    assert made.plan().changes == {"aws_route.it": ["update"]}
    made.apply()
    assert aws.one("aws_route")["network_interface_id"] != "eni-other"


def test_a_change_that_is_ignored_leaves_the_plan_empty(workspace: Make, aws: Stub) -> None:
    made = started(workspace, aws, IGNORED)
    made.apply()
    move_route(aws)
    assert made.plan().is_empty
    made.apply()
    assert aws.one("aws_route")["network_interface_id"] == "eni-other"


def move_route(stub: Stub) -> None:
    stub.change("aws_route", stub.one("aws_route")["id"], network_interface_id="eni-other")


def test_an_object_deleted_behind_terraform_s_back_is_made_again(
    workspace: Make, aws: Stub
) -> None:
    made = started(workspace, aws, PLAIN)
    made.apply()
    aws.delete("aws_route", aws.one("aws_route")["id"])
    assert made.plan().changes == {"aws_route.it": ["create"]}


def test_destroy_leaves_nothing(workspace: Make, aws: Stub) -> None:
    made = started(workspace, aws, PLAIN)
    made.apply()
    assert len(aws.objects()) == 4
    assert not made.destroy().resources
    assert aws.objects() == []


def test_a_data_source_says_what_it_was_told(workspace: Make, aws: Stub) -> None:
    aws.tell("aws_vpc", {"id": "vpc-0a"}, cidr_block="192.0.2.0/24")
    aws.tell("aws_vpc", {"id": "vpc-0b"}, cidr_block="198.51.100.0/24")
    assert started(workspace, aws, PLAIN).plan().outputs["cidr"] == "192.0.2.0/24"


def test_a_data_source_reads_what_was_applied(workspace: Make, aws: Stub) -> None:
    made = started(workspace, aws, PLAIN)
    interface = made.apply().resources['aws_network_interface.node["a"]']
    made.write("read.tf", f'data "aws_network_interface" "a" {{\n  id = "{interface["id"]}"\n}}\n')
    read = made.apply().resources["data.aws_network_interface.a"]
    assert (read["subnet_id"], read["arn"]) == (interface["subnet_id"], interface["arn"])


def test_variables_reach_terraform(workspace: Make, aws: Stub) -> None:
    made = started(workspace, aws, PLAIN)
    made.variables = {"cidr": "10.9.0.0/16"}
    assert made.plan().after("aws_route.it")["destination_cidr_block"] == "10.9.0.0/16"


def test_a_provider_that_is_not_served_is_not_fetched(workspace: Make) -> None:
    made = workspace(None)
    made.write("main.tf", PLAIN)
    with pytest.raises(RefusedError, match="hashicorp/aws"):
        made.init()


def test_what_was_never_applied_is_not_changed(aws: Stub) -> None:
    with pytest.raises(LookupError, match="was never applied"):
        aws.change("aws_route", "r-1", network_interface_id="eni-other")


def test_terraform_s_own_tests_run_over_it(workspace: Make, aws: Stub) -> None:
    made = started(workspace, aws, PLAIN)
    made.write(
        "it.tftest.hcl",
        """
        run "applied" {
          assert {
            condition     = aws_route.it.network_interface_id == aws_network_interface.node["a"].id
            error_message = "another node has the route"
          }
        }
        """,
    )
    assert "1 passed, 0 failed" in made.test()
    made.write(
        "it.tftest.hcl",
        'run "no" {\n assert {\n condition = output.cidr == ""\n error_message = "so it is" } }',
    )
    with pytest.raises(RefusedError, match="so it is"):
        made.test()
    assert aws.objects() == []
