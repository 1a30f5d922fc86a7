"""The installed command, as an operator meets it."""

from __future__ import annotations

import json
from pathlib import Path

from wheel.installation import Cloud, Installed

PROMOTE = ("promote", "--provider", "aws", "--public-ip", "203.0.113.7")
STATUS = ("status", "--provider", "aws", "--public-ip", "203.0.113.7")


def test_the_version_is_the_wheels(installed: Installed) -> None:
    version = installed.wheel.name.split("-")[1]
    assert installed.cloudfail("version").out.startswith(f"cloudfail {version}\n")
    assert installed.cloudfail("--version").out.startswith(f"cloudfail {version}\n")


def test_aws_is_installed_and_ready(installed: Installed) -> None:
    answer = installed.cloudfail("providers", "--output", "json")
    aws, azure, gcp = answer.json["providers"]
    assert (aws["name"], aws["ready"], aws["problem"]) == ("aws", True, "")
    assert (gcp["name"], gcp["ready"]) == ("gcp", False)
    assert gcp["problem"] == "google-cloud-compute missing"
    assert azure["problem"] == "azure-identity, azure-mgmt-network missing"


def test_a_dry_run_says_what_is_pending_and_writes_nothing(
    installed: Installed, cloud: Cloud
) -> None:
    answer = installed.cloudfail(*PROMOTE, "--dry-run", **cloud.environ("b"))
    assert answer.code == 2, answer
    assert "AssociateAddress" in answer.out
    assert cloud.writes() == []


def test_promote_moves_the_address_with_one_write_and_again_with_none(
    installed: Installed, cloud: Cloud
) -> None:
    for changed in (True, False):
        answer = installed.cloudfail(*PROMOTE, "--output", "json", **cloud.environ("b"))
        assert (answer.code, answer.json["changed"]) == (0, changed)
        assert cloud.writes() == ["AssociateAddress"]


def test_status_and_history_tell_what_happened(installed: Installed, cloud: Cloud) -> None:
    assert installed.cloudfail(*PROMOTE, **cloud.environ("b")).code == 0
    owners = {
        node: installed.cloudfail(*STATUS, "--output", "json", **cloud.environ(node)).json
        for node in ("a", "b")
    }
    assert owners["b"]["holdings"][0]["owner"] == "mine"
    assert owners["a"]["holdings"][0]["owner"] == "peer"
    events = installed.cloudfail("history", "--output", "json").json["entries"]
    assert [one["event"] for one in events] == [
        *("started", "planned", "intent", "done", "verified", "ended")
    ]


def test_the_commands_to_paste_are_printed(installed: Installed, cloud: Cloud) -> None:
    answer = installed.cloudfail(*PROMOTE, "--dry-run", "--output", "shell", **cloud.environ("b"))
    assert "\naws ec2 associate-address " in answer.out


def test_the_policy_names_what_it_is_for(installed: Installed) -> None:
    answer = installed.cloudfail(
        "policy", "aws", "--role", "write", "--public-ip", "203.0.113.7", "--region", "eu-central-1"
    )
    assert answer.code == 0, answer
    assert "ec2:AssociateAddress" in json.dumps(answer.json)


PAIR = """
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
node = [
  { name = "a", address = "10.0.1.10", priority = 150 },
  { name = "b", address = "10.0.2.10", priority = 100 },
]
claim = [{ kind = "public-ip", address = "203.0.113.7" }]
"""


def test_the_files_of_a_node_are_generated_and_lint_has_nothing_to_say(
    installed: Installed, tmp_path: Path
) -> None:
    config = tmp_path / "cloudfail.toml"
    config.write_text(PAIR)
    words = ("--config", str(config), "--keepalived-version", "2.2.7")
    answer = installed.cloudfail("generate", *words, "--all", "--output-dir", str(tmp_path))
    assert answer.code == 0, answer
    files = [str(tmp_path / node / "etc/keepalived/keepalived.conf") for node in ("a", "b")]
    for file in files:
        assert "vrrp_instance edge {" in Path(file).read_text()
    answer = installed.cloudfail("lint", *files, "--keepalived-version", "2.2.7")
    assert answer.code == 0, answer


def test_a_keepalived_conf_is_imported(installed: Installed, tmp_path: Path) -> None:
    config = tmp_path / "cloudfail.toml"
    config.write_text(PAIR)
    words = ("--config", str(config), "--keepalived-version", "2.2.7", "--node", "a")
    conf = tmp_path / "keepalived.conf"
    conf.write_text(installed.cloudfail("generate", *words).out)
    answer = installed.cloudfail("import", str(conf))
    assert answer.code == 0, answer
    assert "[instance.edge]" in answer.out


def test_a_wrong_file_is_named_without_a_traceback(installed: Installed, tmp_path: Path) -> None:
    file = tmp_path / "cloudfail.toml"
    file.write_text("[instance.edge]\nprovidr = 'aws'\n")
    answer = installed.cloudfail("config", "check", "--config", str(file))
    assert answer.code == 78
    assert "providr" in answer.err
    assert "Traceback" not in answer.err


def test_a_missing_extra_says_what_to_install(installed: Installed) -> None:
    for argv, extra in (
        (("lab", "run", "kill-master"), "lab"),
        (("completion", "bash"), "completion"),
    ):
        answer = installed.cloudfail(*argv)
        assert answer.code == 78, answer
        assert f"pip install 'cloudfail[{extra}]'" in answer.err
        assert "Traceback" not in answer.err
