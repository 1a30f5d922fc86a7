"""The custom role as Terraform has it: the same permissions, in the form that `fmt` gives."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml
from cloudfail.model import ForwardingRule

from cloudfail_gcp import SPEC

CLAIMS = (ForwardingRule(name="edge"),)


@pytest.mark.parametrize("role", ["read", "write"])
def test_both_forms_hold_the_same_permissions_each_with_its_method(role: str) -> None:
    assert SPEC.terraform is not None
    text = SPEC.terraform(CLAIMS, None)[role]
    found = re.findall(r'# (observe|execute): .+\n    "(compute\.\S+)",', text)
    known = {one.action: one.method for one in SPEC.permissions(CLAIMS)}
    assert all(known[action] == method for method, action in found)
    document = yaml.safe_load(SPEC.policy(CLAIMS, None)[role])
    assert [action for _, action in found] == document["includedPermissions"]
    assert f'title   = "{document["title"]}"' in text


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_reads_it_and_would_write_it_no_differently() -> None:
    assert SPEC.terraform is not None
    text = SPEC.terraform(CLAIMS, None)["write"] + "\n"
    done = subprocess.run(
        ["terraform", "fmt", "-"],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, text), done.stderr
