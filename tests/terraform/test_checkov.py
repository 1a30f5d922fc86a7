"""What a security review of the modules and examples would ask about is answered in one list."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from terraform.trees import MODULES
from terraform.workspace import LITTER, REPOSITORY

CHECKOV = REPOSITORY / ".venv" / "checkov" / "bin" / "checkov"
SKIPPED = REPOSITORY / "terraform" / ".checkov.yaml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What has resources: the rest has nothing to check, and takes checkov half a minute to read."""
    copy = tmp_path / "tree"
    shutil.copytree(REPOSITORY / "examples", copy / "examples", ignore=LITTER)
    for module in MODULES:
        if any("\nresource " in path.read_text(encoding="utf-8") for path in module.glob("*.tf")):
            shutil.copytree(module, copy / module.relative_to(REPOSITORY), ignore=LITTER)
    return copy


@pytest.fixture
def checkov() -> str:
    if not CHECKOV.exists():
        message = "checkov is not installed: run script/bootstrap test with a package index"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return str(CHECKOV)


def found(checkov: str, tree: Path) -> dict[str, Any]:
    command = [checkov, "--directory", str(tree), "--framework", "terraform", "--output", "json"]
    done = subprocess.run(
        [*command, "--skip-download", "--compact", "--quiet"],
        env={"PATH": os.environ["PATH"], "HOME": str(tree)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.long
@pytest.mark.timeout(330)
def test_what_checkov_finds_is_what_the_list_explains(checkov: str, tree: Path) -> None:
    result = found(checkov, tree)
    assert result["summary"]["parsing_errors"] == 0
    assert result["summary"]["passed"] > 100
    failed = result["results"]["failed_checks"]
    findings = {each["check_id"]: f"{each['check_name']}: {each['resource']}" for each in failed}
    skipped = set(yaml.safe_load(SKIPPED.read_text(encoding="utf-8"))["skip-check"])
    assert not {key: text for key, text in findings.items() if key not in skipped}
    assert not skipped - set(findings), "nothing asks about these any more: take them off the list"


def test_each_exception_says_why() -> None:
    lines = SKIPPED.read_text(encoding="utf-8").splitlines()
    assert all(" # " in line for line in lines if line.startswith("  - "))
