"""Every module and every example is formatted, valid and true to its own tests, with two majors."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from terraform.stubs import MAJORS, Stub
from terraform.trees import EXAMPLES, MODULES, name, numbers, required, schemas, version
from terraform.workspace import REPOSITORY, Workspace

Make = Callable[..., Workspace]
Stubs = Callable[[str], Stub]

# Inputs of examples that have no default, by name.
ANSWERS = {
    "admin_ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1xqkW0xJZ3Yl0kQ6n8m5t2v9bq1c4d7e8f0a1b2c3d ops",
    "project": "project-1",
}
# An example is applied with the newest major, below.
PAIRS = [(each, schema) for each in MODULES for schema in schemas(each) or ("",)]
PAIRS += [(each, schema) for each in EXAMPLES for schema in schemas(each)[:-1]]
WITH_SCHEMAS = [
    pytest.param(*pair, marks=pytest.mark.long)
    if list(pair[0].glob("tests/*.tftest.hcl"))
    else pair
    for pair in PAIRS
]
NEWEST = [(each, schemas(each)[-1]) for each in EXAMPLES]


def identifiers(pairs: list[tuple[Path, str]]) -> list[str]:
    return [f"{name(directory)} {schema}".strip() for directory, schema in pairs]


def started(
    directory: Path, schema: str, workspace: Make, stub: Stubs
) -> tuple[Workspace, list[Stub]]:
    stubs = [stub(schema)] if schema else []
    place = workspace(name(directory), *stubs)
    place.init()
    return place, stubs


def test_all_is_formatted() -> None:
    for part in ("terraform", "examples", "tests/terraform"):
        command = [
            "terraform",
            "fmt",
            "-check",
            "-diff",
            "-recursive",
            "-no-color",
            str(REPOSITORY / part),
        ]
        done = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("directory", [*MODULES, *EXAMPLES], ids=name)
def test_a_range_of_versions_begins_and_ends_with_the_schemas(directory: Path) -> None:
    needed = required(directory)
    if needed is not None:
        oldest, newest = (version(each) for each in schemas(directory))
        _, lowest, too_new = needed
        assert numbers(lowest) <= oldest
        assert oldest[:2] == numbers(lowest)[:2], (
            "the lowest version allowed is not the one that is proven"
        )
        assert newest[0] + 1 == numbers(too_new)[0], "a major is allowed that is not proven"


@pytest.mark.parametrize(("directory", "schema"), WITH_SCHEMAS, ids=identifiers(PAIRS))
def test_it_is_valid_and_passes_its_own_tests(
    directory: Path, schema: str, workspace: Make, stub: Stubs
) -> None:
    place, stubs = started(directory, schema, workspace, stub)
    place.validate()
    files = [each for each in directory.glob("tests/*.tftest.hcl") if concerns(each, schema)]
    if files:
        report = place.test(*(f"-filter=tests/{each.name}" for each in files))
        assert " 0 failed" in report
    assert not [each for cloud in stubs for each in cloud.objects()]


def concerns(file: Path, schema: str) -> bool:
    """What a module refuses by itself is the same with every major: once is enough."""
    text = file.read_text(encoding="utf-8")
    is_about_inputs = 2 * text.count("expect_failures") > text.count("\nrun ")
    return not is_about_inputs or schema not in {majors[0] for majors in MAJORS.values()}


@pytest.mark.parametrize(("directory", "schema"), NEWEST, ids=identifiers(NEWEST))
def test_an_example_is_applied_is_stable_and_leaves_nothing(
    directory: Path, schema: str, workspace: Make, stub: Stubs
) -> None:
    place, (cloud,) = started(directory, schema, workspace, stub)
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.tf")))
    place.variables = {key: each for key, each in ANSWERS.items() if f'variable "{key}"' in text}
    place.command("gcloud", "exit 0")  # It finds no route to delete, and asks nobody.
    state = place.apply()
    assert state.outputs["cloudfail_toml"]
    again = place.plan()
    assert again.is_empty, again.changes
    place.destroy()
    assert cloud.objects() == []


@pytest.mark.parametrize("schema", [*MAJORS["gcp"], *MAJORS["azure"]])
def test_a_role_that_cloudfail_prints_for_terraform_is_valid(
    schema: str, workspace: Make, stub: Stubs
) -> None:
    provider = schema.partition("-")[0]
    policies = [
        each
        for each in sorted(REPOSITORY.glob("examples/*/policy-*.tf"))
        if f'resource "{provider}_' in each.read_text(encoding="utf-8")
    ]
    assert policies
    place = workspace(None, stub(schema))
    for policy in policies:
        place.write("policy.tf", policy.read_text(encoding="utf-8"))
        place.init()
        place.validate()


@pytest.mark.parametrize("directory", MODULES, ids=name)
def test_a_null_is_refused_or_means_the_default(directory: Path) -> None:
    """As from a module around it, which passes on what it was not given."""
    text = (directory / "variables.tf").read_text(encoding="utf-8")
    for variable in text.split('\nvariable "')[1:]:
        has_default_null = re.search(r"^  default += null$", variable, re.MULTILINE) is not None
        is_nullable = re.search(r"^  nullable += false$", variable, re.MULTILINE) is None
        assert is_nullable == has_default_null, variable.partition('"')[0]


def test_nothing_is_left_unproven() -> None:
    assert {"terraform/aws", "terraform/gcp", "terraform/azure"} <= {name(each) for each in MODULES}
    assert len(EXAMPLES) >= 3
