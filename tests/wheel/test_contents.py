"""What is in the wheel, what is not, and what importing it costs."""

from __future__ import annotations

import json
import zipfile
from email.parser import Parser

from wheel.installation import Installed


def names(installed: Installed) -> list[str]:
    with zipfile.ZipFile(installed.wheel) as wheel:
        return wheel.namelist()


def text_of(installed: Installed, ending: str) -> str:
    with zipfile.ZipFile(installed.wheel) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(ending)]
        return wheel.read(name).decode()


def test_only_the_packages_and_their_metadata_are_in_the_wheel(installed: Installed) -> None:
    tops = {name.split("/")[0] for name in names(installed)}
    packages = {top for top in tops if not top.endswith(".dist-info")}
    assert packages == {"cloudfail", "cloudfail_aws", "cloudfail_azure", "cloudfail_gcp"}


def test_no_test_and_no_bytecode_is_in_the_wheel(installed: Installed) -> None:
    unwanted = ("test_", "conftest.py", ".pyc")
    found = [n for n in names(installed) if n.split("/")[-1].startswith(unwanted[:1])]
    assert found + [n for n in names(installed) if n.endswith(unwanted[1:])] == []


def test_all_packages_say_that_they_are_typed(installed: Installed) -> None:
    packages = ("cloudfail", "cloudfail_aws", "cloudfail_gcp")
    assert {f"{package}/py.typed" for package in packages} <= set(names(installed))


def test_the_permissions_are_in_the_wheel(installed: Installed) -> None:
    assert json.loads(text_of(installed, "cloudfail_aws/permissions.json"))


def test_the_metadata_names_licence_python_and_extras(installed: Installed) -> None:
    metadata = Parser().parsestr(text_of(installed, ".dist-info/METADATA"))
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"aws", "lab", "completion", "all"} <= set(metadata.get_all("Provides-Extra", []))
    assert any(name.endswith("/LICENSE") for name in names(installed))


def test_the_entry_points_are_the_command_and_the_cloud(installed: Installed) -> None:
    lines = text_of(installed, ".dist-info/entry_points.txt").splitlines()
    assert "cloudfail = cloudfail.cli.main:entry" in lines
    assert "aws = cloudfail_aws:SPEC" in lines


def test_the_packages_come_from_the_wheel_and_need_nothing_more(installed: Installed) -> None:
    where = installed.python("import cloudfail, cloudfail_aws; print(cloudfail.__file__)")
    assert where.out.startswith(str(installed.interpreter.parents[1])), where
    assert installed.pip("check").code == 0


def test_importing_the_cloud_imports_no_sdk(installed: Installed) -> None:
    code = (
        "import sys, cloudfail_aws; cloudfail_aws.SPEC.name; "
        "print([m for m in sys.modules if m.split('.')[0] in ('boto3', 'botocore', 'moto')])"
    )
    assert installed.python(code).out == "[]\n"
