"""cloudfail.toml as terraform/configuration writes it: what was asked for, or a refusal that says why."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from cloudfail import __version__
from cloudfail.cli import main as cli
from cloudfail.config.claim_tables import KINDS
from cloudfail.registry import load

from terraform.configurations import Values, inputs, meaning, refusals, written
from terraform.refused import FIRST, ONLY_TERRAFORM, TOGETHER, VALUES
from terraform.workspace import REPOSITORY, RefusedError, Workspace

Make = Callable[..., Workspace]

MODULE = REPOSITORY / "terraform/configuration"
PROVIDERS = ("aws", "gcp", "azure")
_LATER = """
variable "address" {}
resource "terraform_data" "made" {
  input            = var.address
  triggers_replace = var.address
}
module "pair" {
  source            = "./configuration"
  provider_name     = "aws"
  virtual_router_id = 51
  provider_settings = { region = terraform_data.made.id }
  nodes = {
    a = { address = "10.0.1.10", priority = 150, interface_id = "eni-${terraform_data.made.id}" }
    b = { address = "10.0.1.11", priority = 100 }
  }
  claims = [{ kind = "public-ip", address = terraform_data.made.output }]
}
output "cloudfail_toml" {
  value = module.pair.cloudfail_toml
}
output "user_data" {
  value = module.pair.user_data
}
"""
CASES = {f"{provider}{seed}": (provider, seed) for provider in PROVIDERS for seed in range(12)}


def check(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What `cloudfail config check` says of a file."""
    path = folder / "cloudfail.toml"
    path.write_text(text, encoding="utf-8")
    code = cli.main(["config", "check", "--config", str(path)])
    return code, "".join(capsys.readouterr())


def test_any_combination_is_valid_and_means_what_was_said(
    workspace: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {name: inputs(*case) for name, case in CASES.items()}
    planned = written(workspace, cases).plan().outputs
    assert planned.keys() == cases.keys()
    for name, text in planned.items():
        assert tomllib.loads(text) == meaning(cases[name]), name
        code, said = check(text, tmp_path, capsys)
        assert code == 0, f"{name}: {said}\n{text}"


@pytest.mark.parametrize("mistakes", [FIRST, VALUES, TOGETHER], ids=["first", "values", "together"])
def test_every_mistake_is_named_before_anything_is_made(
    mistakes: list[tuple[Values, str]], workspace: Make
) -> None:
    cases = {f"case{number}": each for number, (each, _) in enumerate(mistakes)}
    said = refusals(written(workspace, cases))
    for _, wanted in mistakes:
        assert any(wanted in sentence for sentence in said), f"{wanted}\n{chr(10).join(said)}"
    for sentence in said:
        assert any(wanted in sentence for _, wanted in mistakes), f"nobody asked for: {sentence}"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [each for each in (*FIRST, *VALUES, *TOGETHER) if each[1] not in ONLY_TERRAFORM],
    ids=lambda each: each[:50] if isinstance(each, str) else "",
)
def test_what_is_refused_is_what_a_node_would_refuse(
    given: Values, wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Terraform is no stricter than cloudfail, but where this says so."""
    code, _ = check(_toml(meaning(given)), tmp_path, capsys)
    assert code == 78, wanted


def test_the_words_of_each_claim_are_those_of_cloudfail_toml() -> None:
    text = (MODULE / "claims.tf").read_text(encoding="utf-8")
    for provider in PROVIDERS:
        offered = load(provider).kinds
        block = text.split(f"    {provider} = {{", 1)[1].split("\n    }", 1)[0]
        assert {line.split('"')[1] for line in block.splitlines() if '"' in line} == offered
    fields = {name for table in KINDS.values() for name in table.__struct_fields__}
    assert all(f'"{name}"' in text for name in fields)


def test_the_keys_of_each_provider_are_those_of_its_settings() -> None:
    text = (MODULE / "variables.tf").read_text(encoding="utf-8")
    for provider in PROVIDERS:
        keys = ", ".join(f'"{name}"' for name in get_type_hints(load(provider).settings))
        assert f"= [{keys}]" in text, provider


def test_the_release_is_that_of_this_tree() -> None:
    assert f'release = "{__version__}"' in (MODULE / "main.tf").read_text(encoding="utf-8")


def _toml(tables: Values) -> str:
    """TOML of one line a key: of what is no longer than a test's."""
    return "\n".join(f"{key} = {_value(value)}" for key, value in tables.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value)


def test_what_is_known_after_apply_is_checked_then(
    workspace: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Addresses and ids of what the same apply makes."""
    place = workspace("terraform")
    place.write("main.tf", _LATER)
    place.init()
    place.variables = {"address": "203.0.113.7"}
    assert (
        "cloudfail_toml" not in place.plan().outputs
        or place.plan().outputs["cloudfail_toml"] is None
    )
    text = place.apply().outputs["cloudfail_toml"]
    assert 'address = "203.0.113.7"' in text
    assert check(text, tmp_path, capsys)[0] == 0
    place.variables = {"address": "10.0.1.10"}
    with pytest.raises(RefusedError, match='is the unicast address of node "a"'):
        place.apply("-replace=terraform_data.made")
