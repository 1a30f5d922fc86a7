"""The real hashicorp/aws, where this machine has it, agrees with what the other tests stand on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from terraform import aws_provider
from terraform.stubs import SCHEMAS
from terraform.trees import EXAMPLES, name, required
from terraform.workspace import NOWHERE, Workspace, copied

pytestmark = pytest.mark.timeout(300)  # each reads a schema of thirteen megabytes

Json = dict[str, Any]

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
MOCKED = """
mock_provider "aws" {
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1", name = "eu-central-1" }
  }
}
run "planned" {
  command = plan
}
"""


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Workspace]]:
    """Workspaces of directories, served by the real provider."""
    provider = aws_provider.provider()
    if provider is None:
        pytest.skip(aws_provider.MISSING)
    scratch = tmp_path_factory.mktemp("real")
    config = scratch / "terraform.rc"
    config.write_text(NOWHERE)
    with aws_provider.serving(provider, scratch) as served:

        def made(directory: str) -> Workspace:
            own = tmp_path_factory.mktemp("workspace")
            place = copied(own) / directory
            place.mkdir(exist_ok=True)
            return Workspace(place, own, {"TF_CLI_CONFIG_FILE": str(config), **served})

        yield made


def differences(ours: Json, theirs: Json, where: str) -> Iterator[str]:
    """Where a block of the replayed schema is another than the real one; what is newer is left out."""
    for key, each in ours["attributes"].items():
        real = theirs["attributes"].get(key, {})
        if each["type"] != real.get("type"):
            yield f"{where}.{key}: type"
        yield from (f"{where}.{key}: {flag}" for flag in FLAGS if each.get(flag) != real.get(flag))
    for key, each in ours.get("block_types", {}).items():
        real = theirs.get("block_types", {}).get(key)
        if real is None:
            yield f"{where}.{key}: is no block"
            continue
        facts = ("nesting_mode", "min_items", "max_items")
        yield from (f"{where}.{key}: {fact}" for fact in facts if each.get(fact) != real.get(fact))
        yield from differences(each["block"], real["block"], f"{where}.{key}")


def test_the_replayed_schema_is_the_real_one(make: Callable[[str], Workspace]) -> None:
    place = make("empty")
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


def test_the_module_and_its_examples_are_valid(make: Callable[[str], Workspace]) -> None:
    place = make("all")
    blocks = [f'module "{each.parent.name}" {{\n  source = "../{name(each)}"\n}}\n' for each in AWS]
    place.write("main.tf", "\n".join(blocks))
    place.init()
    place.validate()


def test_a_plan_with_mocked_answers_is_accepted(make: Callable[[str], Workspace]) -> None:
    place = make(name(AWS[0]))
    place.write("mocked.tftest.hcl", MOCKED)
    place.init()
    assert "1 passed, 0 failed" in place.test()
