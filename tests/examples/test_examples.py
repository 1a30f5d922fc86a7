"""The examples are complete, agree with themselves, and are what the code would write."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.cli import main as cli
from cloudfail.config import Config, ConfiguredNode, Instance, load

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/cloudfail.toml"))
NODES = ("a", "b")

for_each_example = pytest.mark.parametrize("name", NAMES)
for_each_node = pytest.mark.parametrize("node", NODES)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [key for key in os.environ if key.startswith(("CLOUDFAIL_", "AWS_"))]:
        monkeypatch.delenv(variable)


def config_of(name: str) -> Config:
    return load(EXAMPLES / name / "cloudfail.toml", {})


def instance_of(name: str) -> Instance:
    (instance,) = config_of(name).instances.values()
    return instance


def node_of(name: str, node: str) -> ConfiguredNode:
    (found,) = [one for one in instance_of(name).nodes if one.name == node]
    return found


def keepalived_conf(name: str, node: str) -> str:
    """The file without its comments."""
    text = (EXAMPLES / name / f"keepalived-{node}.conf").read_text(encoding="utf-8")
    return re.sub(r"#.*", "", text)


def word_after(keyword: str, text: str) -> str:
    found = re.search(rf"^\s*{keyword}\s+(\S+)", text, re.MULTILINE)
    assert found is not None, keyword
    return found.group(1)


def test_there_is_an_example_for_an_address_and_for_a_route() -> None:
    assert NAMES == ["aws-public-ip", "aws-route"]


@for_each_example
def test_the_configuration_is_valid(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = EXAMPLES / name / "cloudfail.toml"
    assert cli.main(["config", "check", "--config", str(path)]) == 0
    assert ": valid, " in capsys.readouterr().out


@for_each_example
@for_each_node
def test_keepalived_and_cloudfail_agree_about_the_instance(name: str, node: str) -> None:
    text = keepalived_conf(name, node)
    instance, me = instance_of(name), node_of(name, node)
    assert word_after("vrrp_instance", text) == instance.name
    assert word_after("interface", text) == instance.interface
    assert int(word_after("virtual_router_id", text)) == instance.virtual_router_id
    assert int(word_after("priority", text)) == me.priority
    assert word_after("unicast_src_ip", text) == str(me.address)
    peers = re.search(r"unicast_peer\s*{([^}]*)}", text)
    assert peers is not None
    others = [str(one.address) for one in instance.nodes if one.name != node]
    assert peers.group(1).split() == others
    assert f"--event rx-lower-pri --instance {instance.name}" in text


@for_each_example
def test_the_two_nodes_differ_in_nothing_but_themselves(name: str) -> None:
    def anonymous(node: str) -> str:
        me, text = node_of(name, node), keepalived_conf(name, node)
        (other,) = [one for one in instance_of(name).nodes if one.name != node]
        text = text.replace(str(me.address), "ME").replace(str(other.address), "OTHER")
        text = re.sub(r"router_id \S+", "router_id NAME", text, count=1)
        return text.replace(f"priority {me.priority}", "priority P")

    assert anonymous("a") == anonymous("b")


@pytest.mark.netns
@for_each_example
@for_each_node
def test_keepalived_finds_nothing_to_say_about_its_file(name: str, node: str) -> None:
    keepalived = shutil.which("keepalived")
    if keepalived is None or os.geteuid() != 0:
        pytest.skip("needs root and keepalived: sudo apt-get install keepalived")
    conf = EXAMPLES / name / f"keepalived-{node}.conf"
    interface, address = instance_of(name).interface, node_of(name, node).address
    script = (
        f"ip link set lo up && ip link add {interface} type veth peer name other && "
        f"ip link set {interface} up && ip addr add {address}/24 dev {interface} && "
        f"exec {keepalived} -t -f {conf}"
    )
    done = process.run(
        ["unshare", "--net", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@for_each_example
@pytest.mark.parametrize("role", ["read", "write"])
def test_the_policy_is_what_cloudfail_prints(
    name: str, role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = EXAMPLES / name / "cloudfail.toml"
    assert cli.main(["policy", "aws", "--config", str(path), "--role", role]) == 0
    printed = capsys.readouterr().out
    assert (EXAMPLES / name / f"policy-{role}.json").read_text(encoding="utf-8") == printed
    assert json.loads(printed)["Version"] == "2012-10-17"
