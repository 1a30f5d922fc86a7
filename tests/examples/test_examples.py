"""The examples are complete, agree with themselves, and are what the code would write."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml
from cloudfail import process
from cloudfail.cli import main as cli
from cloudfail.config import Config, Instance, load

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/cloudfail.toml"))
for_each_example = pytest.mark.parametrize("name", NAMES)


def config_of(name: str) -> Config:
    return load(EXAMPLES / name / "cloudfail.toml", {})


def instance_of(name: str) -> Instance:
    (instance,) = config_of(name).instances.values()
    return instance


# The extension of each form of a provider's policies, and what `policy --output` calls it.
FORMS = {
    "aws": {"json": "text"},
    "gcp": {"yaml": "text", "tf": "terraform"},
    "azure": {"json": "text", "tf": "terraform"},
}
FILES = [(name, node.name) for name in NAMES for node in instance_of(name).nodes]
for_each_file = pytest.mark.parametrize(("name", "node"), FILES)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [
        key
        for key in os.environ
        if key.startswith(("CLOUDFAIL_", "AWS_", "GOOGLE_", "GCE_", "AZURE_"))
    ]:
        monkeypatch.delenv(variable)


def test_there_is_an_example_for_an_address_a_route_services_and_a_load_balancer() -> None:
    aws = ["aws-nlb-responder", "aws-public-ip", "aws-route", "aws-web"]
    azure = ["azure-load-balancer-responder", "azure-public-ip", "azure-route"]
    gcp = ["gcp-forwarding-rule", "gcp-internal-lb-responder", "gcp-route"]
    assert [*aws, *azure, *gcp] == NAMES


@for_each_example
def test_the_configuration_is_valid(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = EXAMPLES / name / "cloudfail.toml"
    assert cli.main(["config", "check", "--config", str(path)]) == 0
    assert ": valid, " in capsys.readouterr().out


@for_each_file
def test_the_files_are_what_generate_writes(
    name: str, node: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = EXAMPLES / name / "cloudfail.toml"
    words = ["--config", str(config), "--node", node, "--keepalived-version", "2.2.7"]
    assert cli.main(["generate", *words]) == 0
    printed = capsys.readouterr().out
    assert (EXAMPLES / name / f"keepalived-{node}.conf").read_text(encoding="utf-8") == printed


@for_each_example
def test_there_is_a_file_for_every_node_and_no_other(name: str) -> None:
    found = {path.name for path in (EXAMPLES / name).glob("keepalived-*.conf")}
    assert found == {f"keepalived-{node.name}.conf" for node in instance_of(name).nodes}


@pytest.mark.keepalived
@for_each_file
def test_keepalived_finds_nothing_to_say_about_its_file(name: str, node: str) -> None:
    keepalived = shutil.which("keepalived")
    if keepalived is None or os.geteuid() != 0:
        pytest.skip("needs root and keepalived: sudo apt-get install keepalived")
    conf = EXAMPLES / name / f"keepalived-{node}.conf"
    instance = instance_of(name)
    (me,) = [one for one in instance.nodes if one.name == node]
    script = (
        "mount -t tmpfs none /etc/keepalived && mkdir /etc/keepalived/conf.d && "
        f"ip link set lo up && ip link add {instance.interface} type veth peer name other && "
        f"ip link set {instance.interface} up && "
        f"ip addr add {me.address}/24 dev {instance.interface} && "
        f"exec {keepalived} -t -f {conf}"
    )
    done = process.run(
        ["unshare", "--net", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("role", ["read", "write"])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        (name, form)
        for name in NAMES
        if instance_of(name).claims
        for form in FORMS[instance_of(name).provider]
    ],
)
def test_the_policy_is_what_cloudfail_prints(
    name: str, form: str, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--config", str(EXAMPLES / name / "cloudfail.toml"), "--role", role]
    output = FORMS[instance_of(name).provider][form]
    assert cli.main(["policy", instance_of(name).provider, *words, "--output", output]) == 0
    printed = capsys.readouterr().out
    assert (EXAMPLES / name / f"policy-{role}.{form}").read_text(encoding="utf-8") == printed
    if form == "json":
        marks = {"aws": ("Version", "2012-10-17"), "azure": ("Name", f"cloudfail {role}")}
        key, text = marks[instance_of(name).provider]
        assert json.loads(printed)[key] == text
    if form == "yaml":
        assert yaml.safe_load(printed)["title"] == f"cloudfail {role}"


@pytest.mark.parametrize("name", ["gcp-internal-lb-responder", "azure-load-balancer-responder"])
def test_what_needs_no_permission_has_no_policy(name: str) -> None:
    assert (EXAMPLES / name / "cloudfail.toml").exists()
    assert not list((EXAMPLES / name).glob("policy-*"))
