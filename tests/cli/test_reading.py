"""Commands that answer questions: history, providers, policy, version, config, completion."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from cloudfail import __version__, process, registry
from cloudfail.cli import history, installed

from cli.machine import EIP, FILE, HERE, VIP, Machine

EXAMPLES = sorted(HERE.parents[1].glob("examples/*/cloudfail.toml"))


def test_history_shows_runs_oldest_first(machine: Machine) -> None:
    machine.config()
    assert f"no runs in {machine.path / 'journal.jsonl'}" in machine.run("history").out
    run_id = machine.run("promote", "--output", "json").json["run_id"]
    machine.run("demote")
    head, *lines = machine.run("history").out.splitlines()
    assert head.split() == ["TIME", "RUN", "INSTANCE", "GEN", "EVENT", "WHAT"]
    assert lines[0].split()[1:5] == [run_id, "edge", "1", "started"]
    assert any(f"give {EIP} to nic-a" in line and "request r-1" in line for line in lines)
    assert not any("attempt" in line for line in lines)  # a first one is no news
    assert any(line.endswith(" ms") and "ended" in line for line in lines)
    assert lines[-1].split()[4] == "note"
    assert "role BACKUP" in lines[-1]


def test_history_narrows_to_a_run_an_instance_a_number(machine: Machine) -> None:
    machine.config()
    first = machine.run("promote", "--output", "json").json["run_id"]
    machine.run("demote")

    def entries(*flags: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = machine.run("history", "--output", "json", *flags).json[
            "entries"
        ]
        return found

    assert {entry["run_id"] for entry in entries("--run", first)} == {first}
    assert [entry["event"] for entry in entries("--limit", "1")] == ["note"]
    assert len(entries("--run", first, "--limit", "2")) == 2
    assert entries("--instance", "edge") == entries()
    assert entries("--instance", "other") == []
    assert machine.run("history", "--limit", "none").code == 64
    assert machine.run("history", "--limit", "0").code == 64


def test_history_counts_torn_lines(machine: Machine) -> None:
    machine.config()
    machine.run("demote")
    journal = machine.path / "journal.jsonl"
    with journal.open("a") as file:
        file.write('{"event": "sta')
    assert machine.run("history", "--output", "json").json["skipped"] == 1
    assert "1 lines were torn or garbage" in machine.run("history").out


def test_history_reads_the_file_that_is_named(machine: Machine) -> None:
    other = machine.path / "other.jsonl"
    answer = machine.run("history", "--journal", str(other))
    assert answer.code == 78
    assert f"journal {other}: no such file; correct --journal" in answer.err
    other.touch()
    assert machine.run("history", "--journal", str(other), "--output", "json").json["journal"] == (
        str(other)
    )
    assert machine.run("history", "--journal", str(other), "--run", "x").out == (
        f"no run x in {other}\n"
    )
    assert machine.run("history", "--journal", str(other), "--instance", "y").out == (
        f"no runs of instance y in {other}\n"
    )
    answer = machine.run("history", "--journal", str(machine.path))
    assert answer.code == 78
    assert "Is a directory" in answer.err


def test_history_without_a_file_reads_the_usual_journal(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "DEFAULT_PATH", machine.path / "none.toml")
    answer = machine.run("history", "--output", "json")
    assert answer.json["journal"] == str(machine.path / "journal.jsonl")


def test_providers_lists_what_is_installed(machine: Machine) -> None:
    answer = machine.run("providers")
    assert answer.code == 0
    (line,) = [line for line in answer.out.splitlines() if line.startswith("fake")]
    assert "cloudfail-fake 1.5" in line
    assert "private-ip, public-ip, route" in line
    assert "ready, msgspec" in line
    found = {one["name"]: one for one in machine.run("providers", "--output", "json").json[
        "providers"]}  # fmt: skip
    assert set(found) == {"aws", "azure", "fake", "gcp"}
    assert found["fake"]["ready"] is True
    assert found["aws"]["sdk"].keys() == {"boto3"}


def test_a_missing_sdk_is_listed_with_its_pip_line(machine: Machine, plugin: Path) -> None:
    metadata = plugin / "cloudfail_fake-1.5.dist-info/METADATA"
    metadata.write_text(metadata.read_text().replace("msgspec", "no-such-sdk"))
    listed = machine.finish(["providers", "--output", "json"]).json["providers"]
    (found,) = [one for one in listed if one["name"] == "fake"]
    assert found["ready"] is False
    assert found["problem"] == "no-such-sdk missing"
    assert found["remedy"] == "pip install 'cloudfail-fake[sdk]'"
    assert "no-such-sdk missing: pip install" in machine.finish(["providers"]).out


def test_a_broken_plugin_harms_no_other(machine: Machine, plugin: Path) -> None:
    other = FILE.replace('"fake"', '"aws"').replace("edge", "other").replace("51", "52")
    machine.config(FILE + other.replace("113.7", "113.8").replace("1.100", "1.101"))
    (plugin / "cloudfail_fake.py").write_text("import no_such_module\n")
    answer = machine.finish(["providers"])
    assert answer.code == 0
    assert "cloudfail_fake:SPEC does not import: ModuleNotFoundError" in answer.out
    assert "ready, boto3" in answer.out
    answer = machine.finish(["promote", "--instance", "edge"])
    assert answer.code == 78
    assert "instance.edge.provider: provider 'fake' is broken" in answer.err
    assert machine.finish(["policy", "aws", "--instance", "other"]).code == 0
    assert "does not import" in machine.finish(["version"]).out


def test_a_plugin_that_exits_ends_nothing(machine: Machine, plugin: Path) -> None:
    (plugin / "cloudfail_fake.py").write_text("raise SystemExit('x\\ny')\n")
    answer = machine.finish(["providers"])
    assert answer.code == 0
    assert "does not import: SystemExit: x\\ny" in answer.out
    assert len(answer.out.splitlines()) == 5  # the heading, and one line a provider
    answer = machine.finish(["promote", "--provider", "fake", "--public-ip", "203.0.113.7"])
    assert answer.code == 78
    assert "provider 'fake' is broken" in answer.err


def test_a_file_that_may_not_be_looked_at_is_there(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims by flags must not silently do without the file's guard."""
    odd = Path("/etc") / ("x" * 300)
    monkeypatch.setattr("cloudfail.cli.target.DEFAULT_PATH", odd)
    monkeypatch.setattr(history, "DEFAULT_PATH", odd)
    for argv in ["status", "--provider", "fake", "--public-ip", "203.0.113.7"], ["history"]:
        answer = machine.run(*argv)
        assert answer.code == 78
        assert "File name too long; it must be a file that this user may read" in answer.err


def test_no_providers_at_all_is_said(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudfail.registry.available", dict)
    assert "no providers are installed" in machine.run("providers").out


def test_policy_has_a_form_for_terraform_where_the_provider_has_one(machine: Machine) -> None:
    machine.config()
    answer = machine.run("policy", "fake", "--output", "terraform")
    assert answer.code == 64
    assert "fake has no Terraform form of its policies" in answer.err
    flags = ["--forwarding-rule", "my-project/europe-west1/edge", "--output", "terraform"]
    found = machine.finish(["policy", "gcp", *flags]).out
    assert '# read\nresource "google_project_iam_custom_role" "cloudfail_read" {' in found
    assert '    "compute.forwardingRules.setTarget",\n' in found.partition("# write")[2]


def test_policy_prints_both_documents_or_one_bare(machine: Machine) -> None:
    machine.config()
    both = machine.run("policy", "fake").out
    assert both.startswith("# read\n")
    assert "\n# write\n" in both
    one = machine.run("policy", "fake", "--role", "write").out
    assert json.loads(one) == {"allow": ["fake:Look", "fake:Take"], "on": [EIP, VIP]}
    found = machine.run("policy", "fake", "--output", "json").json
    assert set(found["policies"]) == {"read", "write"}
    assert found["permissions"][1] == {
        "action": "fake:Take",
        "method": "execute",
        "why": "to take",
        "write": True,
    }


def test_policy_is_for_the_claims_of_file_instance_or_flags(machine: Machine) -> None:
    second = FILE.replace("edge", "two").replace("203.0.113.7", "203.0.113.8")
    second = second.replace("51", "52").split('[[instance.two.claim]]\nkind = "private-ip"')[0]
    machine.config(FILE + second)

    def claims(*flags: str) -> list[str]:
        text = machine.run("policy", "fake", "--role", "read", *flags).out
        found: list[str] = json.loads(text)["on"]
        return found

    assert claims() == [EIP, VIP, "public-ip 203.0.113.8"]
    assert claims("--instance", "two") == ["public-ip 203.0.113.8"]
    assert claims("--route", "t1=10.99.0.0/16") == ["route t1 10.99.0.0/16"]
    answer = machine.run("policy", "aws")
    assert answer.code == 78
    assert "no claims of provider aws" in answer.err
    assert machine.run("policy", "nimbus").code == 78


def test_policy_of_a_role_that_a_provider_lacks(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.config()
    spec = msgspec.structs.replace(registry.load("fake"), policy=lambda *_: {"read": "{}"})
    monkeypatch.setattr(registry, "load", lambda _name: spec)
    answer = machine.run("policy", "fake", "--role", "write")
    assert answer.code == 64
    assert "fake has no write document: read" in answer.err


def test_version_names_everything_involved(machine: Machine) -> None:
    out = machine.run("version").out
    assert f"cloudfail {__version__}\n" in out
    assert "keepalived " in out
    assert "provider fake 1.5 (msgspec" in out
    assert machine.run("--version").out == out
    found = machine.run("version", "--output", "json").json
    assert found["version"] == __version__
    assert found["python"].startswith("3.")
    assert found["providers"]["aws"]["sdk"]["boto3"]


def test_version_without_keepalived_says_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError("keepalived")

    monkeypatch.setattr(process, "run", missing)
    assert "keepalived not installed" in machine.run("version").out


def test_versions_of_unknown_packages_are_empty() -> None:
    assert installed.version_of("no-such-package") == ""
    assert installed.sdk_versions("no-such-package", "x") == {}
    assert installed.pip_line("cloudfail", "cloudfail[aws]") == "pip install 'cloudfail[aws]'"
    assert installed.pip_line("plain", "") == "pip install 'plain'"


def test_config_check_accepts_a_right_file(machine: Machine) -> None:
    file = machine.config()
    answer = machine.run("config", "check")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"{file}: valid, instances: edge (2 claims)\n"
    found = machine.run("config", "check", "--output", "json").json
    assert (found["valid"], found["instances"], found["problems"]) == (True, ["edge"], [])


def test_config_check_names_everything_at_once(machine: Machine) -> None:
    file = machine.config(FILE.replace("interface =", "interfce =").replace("150", "100"))
    answer = machine.run("config", "check", "--config", str(file))
    assert answer.code == 78
    first, second = answer.err.splitlines()
    assert first == f'{file}: instance.edge.interfce: unknown key; did you mean "interface"?'
    assert second.startswith(
        f'{file}: instance.edge.node[1].priority: 100 is also that of node "a"'
    )
    assert answer.out == f"{file}: 2 problems\n"
    found = machine.run("config", "check", "--output", "json").json
    assert found["valid"] is False
    assert found["problems"][0]["key"] == "instance.edge.interfce"
    assert found["exit_code"] == 78


def test_config_check_of_no_file_is_one_sentence(machine: Machine) -> None:
    answer = machine.run("config", "check", "--config", "/nowhere/cloudfail.toml")
    assert answer.code == 78
    assert answer.err.startswith("cloudfail: /nowhere/cloudfail.toml: no such file")
    answer = machine.run("config", "check", "--config", "/nowhere/x", "--output", "json")
    assert answer.json["error"]["type"] == "config"
    assert answer.json["valid"] is False
    assert answer.json["problems"][0]["message"].startswith("no such file")
    assert answer.json["exit_code"] == answer.code == 78


def test_history_is_readable_though_the_file_is_wrong(machine: Machine) -> None:
    """The mistake may be the very reason for looking."""
    machine.config()
    assert machine.run("promote").code == 0
    machine.config("frob = 1\n" + FILE)
    assert machine.run("promote").code == 78
    assert "verified" in machine.run("history").out


def test_the_printed_schema_accepts_the_file(machine: Machine) -> None:
    schema = machine.run("config", "schema").json
    jsonschema.validate(tomllib.loads(FILE), schema)
    assert "aws" in schema["properties"]["provider"]["properties"]


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_printed_schema_accepts_every_example(machine: Machine, file: Path) -> None:
    jsonschema.validate(tomllib.loads(file.read_text()), machine.run("config", "schema").json)
    assert machine.run("config", "check", "--config", str(file)).code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_prints_a_script_that_knows_the_commands(machine: Machine, shell: str) -> None:
    answer = machine.run("completion", shell)
    assert answer.code == 0
    assert "promote" in answer.out
    assert ("--to-private-ip" in answer.out) is (shell != "tcsh")  # shtab's tcsh has no flags


def test_the_completion_of_bash_is_bash(machine: Machine) -> None:
    script = machine.run("completion", "bash").out
    process.run(["bash", "-n"], input=script, text=True, check=True, timeout=20)


def test_completion_without_shtab_names_the_pip_line(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    answer = machine.run("completion", "bash")
    assert answer.code == 78
    assert "pip install 'cloudfail[completion]'" in answer.err
