"""What it costs to have the provider installed: nothing, until it is built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cloudfail import registry
from cloudfail.config.problems import Problems
from cloudfail.config.settings import read_settings
from cloudfail.errors import ProviderMissingError
from cloudfail.provider import Setup

from cloudfail_azure import SPEC
from cloudfail_azure.settings import AzureSettings


def test_importing_the_cloud_imports_no_sdk() -> None:
    code = (
        "import sys, cloudfail_azure; cloudfail_azure.SPEC.name; "
        "print([m for m in sys.modules if m.split('.')[0] in ('azure', 'msal', 'requests')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def test_the_entry_point_leads_to_it() -> None:
    assert registry.load("azure") is SPEC
    assert SPEC.deadline == 600.0


def test_a_missing_sdk_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    for name in [name for name in sys.modules if name.startswith("cloudfail_azure.provider")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cloudfail_azure.provider", None)
    with pytest.raises(ProviderMissingError, match=r"pip install 'cloudfail\[azure\]'"):
        SPEC.build(Setup(settings=AzureSettings()))


def test_the_managed_identity_needs_neither_azure_identity_nor_msal() -> None:
    code = (
        "import sys, cloudfail_azure.provider; "
        "print([m for m in sys.modules if m.split('.')[0] in ('msal', 'cryptography')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def test_the_authorities_are_no_secret_but_have_to_be_there(tmp_path: Path) -> None:
    authorities = tmp_path / "ca.pem"
    authorities.write_text("-----BEGIN CERTIFICATE-----\n")
    authorities.chmod(0o644)
    problems = Problems("cloudfail.toml")
    assert read_settings(SPEC, {"ca_file": str(authorities)}, {}, problems) is not None
    assert read_settings(SPEC, {"ca_file": str(tmp_path)}, {}, problems) is None
    assert read_settings(SPEC, {"ca_file": str(tmp_path / "lost")}, {}, problems) is None
    said = [f"{one.message}; {one.remedy}" for one in problems.found]
    assert said[0].endswith("is not a file; name a file that holds the authorities")
    assert "No such file or directory" in said[1]
