"""What a file and the machine say together, on machines made for it in a directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cloudfail import identity
from cloudfail.keepalived.lint import Finding, confs_of_text, lint
from cloudfail.keepalived.lint.rule import MEASURED, HostRule
from cloudfail.keepalived.lint.rules import ALL
from cloudfail.keepalived.lint.rules.host import RULES
from cloudfail.keepalived.version import Version

from keepalived.command.machine import ALICE, LIBRARY, NEEDS_ROOT, Machine

HOST = frozenset(rule.code for rule in ALL if isinstance(rule, HostRule))
BY_CODE = {rule.code: rule for rule in RULES}
TAKE = "/usr/local/sbin/take"
FIFO, BRAKE, KEY = "/run/cloudfail/vrrp.fifo", "/run/cloudfail/brake", "/etc/keepalived/hmac.key"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which every example is right, as far as a machine can make it so."""
    made = Machine(tmp_path)
    made.link("/usr/bin/sh", "dash")
    for name in ("timeout", "take"):
        made.write(f"/usr/bin/{name}", b"\x7fELF")
    made.write(TAKE, "#!/bin/sh\ntrue\n")
    made.venv()
    made.directory("/sys/class/net/eth9")
    made.directory("/run/cloudfail")
    made.write(BRAKE, "0\n", 0o644)
    made.write(KEY, "x" * 32, 0o600)
    return made


def found(machine: Machine, text: str, version: Version = MEASURED) -> list[Finding]:
    confs = confs_of_text(text)
    return [one for one in lint(confs, version, host=confs, root=machine.root) if one.code in HOST]


def codes(machine: Machine, text: str, version: Version = MEASURED) -> set[str]:
    return {one.code for one in found(machine, text, version)}


def _foreign_fifo(machine: Machine) -> None:
    os.mkfifo(machine.at(FIFO))
    os.chown(machine.at(FIFO), ALICE, ALICE)


def _open_library(machine: Machine) -> None:
    machine.write(TAKE, "#!/usr/bin/python3.11\n")
    machine.at(f"{LIBRARY}/json").chmod(0o757)


# How a machine goes wrong; a rule that is not here is about the text, or needs this very machine.
BREAK: Mapping[str, Callable[[Machine], object]] = {
    "KA201": lambda m: m.at(TAKE).unlink(),
    "KA202": lambda m: m.at(TAKE).chmod(0o644),
    "KA203": lambda m: m.write(TAKE, "true\n"),
    "KA204": lambda m: m.at(TAKE).chmod(0o757),
    "KA205": _open_library,
    "KA212": lambda m: m.at("/sys/class/net/eth9").rename(m.at("/sys/class/net/eth0")),
    "KA214": _foreign_fifo,
    "KA215": lambda m: m.write(FIFO, ""),
    "KA217": lambda m: m.at("/run/cloudfail").rename(m.at("/run/elsewhere")),
    "KA218": lambda m: m.at(BRAKE).unlink(),
    "KA219": lambda m: m.at(KEY).chmod(0o640),
}
OF_THE_TEXT = [rule for rule in RULES if rule.repaired]


@NEEDS_ROOT
@pytest.mark.parametrize("code", BREAK)
def test_the_machine_decides(machine: Machine, code: str) -> None:
    rule = BY_CODE[code]
    (text,) = rule.examples
    assert codes(machine, text, rule.version) == set()
    BREAK[code](machine)
    assert codes(machine, text, rule.version) == {code}


@NEEDS_ROOT
@pytest.mark.parametrize("rule", OF_THE_TEXT, ids=lambda rule: rule.code)
def test_the_text_decides(machine: Machine, rule: HostRule) -> None:
    assert codes(machine, rule.examples[0], rule.version) == {rule.code}
    assert codes(machine, rule.repairs[0], rule.version) == set()


def test_every_rule_of_the_host_is_tried() -> None:
    assert {*BREAK, *(rule.code for rule in OF_THE_TEXT), "KA213"} == set(BY_CODE)
    assert {int(code[2:]) for code in BY_CODE} <= set(range(201, 250))


@pytest.mark.parametrize("code", BREAK)
def test_a_finding_says_where_what_and_what_to_do(machine: Machine, code: str) -> None:
    BREAK[code](machine)
    (text,) = BY_CODE[code].examples
    for one in found(machine, text, BY_CODE[code].version):
        assert 1 <= one.place.line <= text.count("\n")
        assert one.message
        assert one.remedy
        assert "\n" not in str(one)


def test_without_a_host_nothing_is_looked_at(machine: Machine) -> None:
    confs = confs_of_text(BY_CODE["KA201"].examples[0].replace(TAKE, "/no/such"))
    assert not [one for one in lint(confs, MEASURED, root=machine.root) if one.code in HOST]


def test_an_address_of_another_machine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    here = confs_of_text(BY_CODE["KA213"].examples[0])
    (source,) = (one.source for conf in here for one in conf.instances)
    assert source is not None

    def sources() -> list[str]:
        found = lint(here, MEASURED, host=here)
        return [one.message for one in found if one.code == "KA213"]

    monkeypatch.setattr(identity, "local_addresses", frozenset)
    assert sources() == ["192.0.2.77 is no address of this machine"]
    monkeypatch.setattr(identity, "local_addresses", lambda: frozenset({source}))
    assert sources() == []


def script(*lines: str, head: str = "script_user root") -> str:
    body = "\n  ".join(lines)
    return (
        f"global_defs {{\n  enable_script_security\n  {head}\n}}\n"
        f"vrrp_instance VI_1 {{\n  {body}\n}}\n"
    )


def test_every_command_of_the_file_is_examined(machine: Machine) -> None:
    machine.at(TAKE).unlink()
    text = f"""global_defs {{
  script_user root
  vrrp_notify_fifo_script {TAKE}
  startup_script {TAKE}
}}
vrrp_script web {{
  script {TAKE}
}}
vrrp_sync_group both {{
  notify_fault {TAKE}
}}
vrrp_instance VI_1 {{
  notify_master {TAKE}
  notify_master_rx_lower_pri {TAKE}
}}
"""
    assert {one.place.line for one in found(machine, text)} == {3, 4, 7, 10, 13, 14}


@NEEDS_ROOT
def test_who_runs_a_script_is_in_its_line_in_its_block_or_in_script_user(machine: Machine) -> None:
    """Of a script that others may change only root's is a danger."""
    machine.write("/etc/passwd", "alice:x:4242:4242:a:/home/alice:/bin/sh\n", 0o644)
    machine.write("/etc/group", "alice:x:4242:\nroot:x:0:\n", 0o644)
    machine.at(TAKE).chmod(0o757)
    notify = f'notify_master "{TAKE}"'
    assert codes(machine, script(notify)) == {"KA204"}
    assert codes(machine, script(f"{notify} alice")) == set()
    assert codes(machine, script(notify, head="script_user alice")) == set()
    assert codes(machine, script(f"{notify} alice root", head="script_user alice")) == {"KA204"}
    check = f'vrrp_script x {{\n  script "{TAKE}"\n  user alice\n}}\n'
    assert codes(machine, script() + check) == set()
    assert codes(machine, script() + check.replace("  user alice\n", "")) == {"KA204"}


def test_an_unknown_script_user_is_said_once(machine: Machine) -> None:
    notify = [f'notify_{state} "{TAKE}"' for state in ("master", "backup", "fault")]
    assert [one.code for one in found(machine, script(*notify, head="script_user bob"))] == [
        "KA211"
    ]
    assert codes(machine, script(*notify, head="script_user root bob")) == {"KA211"}


def test_without_any_user_there_has_to_be_keepalived_script(machine: Machine) -> None:
    text = script(f'notify_master "{TAKE}"', head="")
    assert codes(machine, text) == {"KA207"}
    machine.write("/etc/passwd", "keepalived_script:x:4242:4242::/:/bin/sh\n", 0o644)
    assert codes(machine, text) == set()
    machine.at("/etc/passwd").unlink()
    assert codes(machine, text.replace("enable_script_security", "")) == set()


def test_a_command_is_called_short_once_and_by_who_knows_the_path(machine: Machine) -> None:
    """The file alone shows it too: KA075, KA078 and KA073 are its findings."""

    def all_codes(command: str) -> list[str]:
        confs = confs_of_text(script(f"notify_fault {command}"))
        whole = lint(confs, MEASURED, host=confs, root=machine.root)
        return [one.code for one in whole if one.place.line == 6]

    assert all_codes('"take"') == ["KA208"]
    assert all_codes('"./take"') == ["KA075", "KA201"]
    assert all_codes('"/opt/app/bin/python -m app"') == ["KA206"]
    assert all_codes(f"{TAKE} MASTER") == ["KA073"]
    assert all_codes(f'"{TAKE}" keepalive') == ["KA207"]


def test_a_python_that_only_looks_like_an_environment_is_none(machine: Machine) -> None:
    machine.write("/srv/bin/python3", b"\x7fELF")
    machine.write("/srv/lib/python3.11/os.py", "", 0o644)
    confs = confs_of_text(script('notify_master "/srv/bin/python3 -m app"'))
    assert "KA078" in {one.code for one in lint(confs, MEASURED)}
    whole = lint(confs, MEASURED, host=confs, root=machine.root)
    assert not {"KA078", "KA206"} & {one.code for one in whole}


def test_a_venv_is_kept_with_use_symlink_paths(machine: Machine) -> None:
    command = 'notify_master "/opt/app/bin/python -m app"'
    head = "script_user root\n  use_symlink_paths true"
    assert codes(machine, script(command, head=head), Version(2, 3)) == set()
    assert codes(machine, script(command, head=head)) == {"KA206"}


def test_a_venv_is_kept_by_newer_keepalived(machine: Machine) -> None:
    text = script('notify_master "/opt/app/bin/python -m app"')
    assert codes(machine, text) == {"KA206"}
    assert codes(machine, text, Version(2, 3, 3)) == set()
    confs = confs_of_text(text)
    said = [{one.code for one in lint(confs, Version(2, 3, patch))} for patch in (2, 3)]
    assert ["KA078" in codes for codes in said] == [True, False]


@NEEDS_ROOT
def test_what_python_imports_is_followed(machine: Machine) -> None:
    site = "/opt/app/lib/python3.11/site-packages"
    machine.directory("/home/alice/src", uid=ALICE)
    machine.write(f"{site}/app.pth", "/home/alice/src\n", 0o644)
    text = script('notify_master "/opt/app/bin/app"')
    (one,) = {(each.code, each.place.line) for each in found(machine, text)}
    assert one == ("KA205", 6)


def test_devices_of_addresses_and_of_trackers_count_too(machine: Machine) -> None:
    lines = [
        "interface eth9",
        "use_vmac vrrp51",
        "virtual_ipaddress {\n10.0.0.1/32 dev eth1\n10.0.0.2/32 dev vrrp51\n}",
        "track_interface {\neth2\n}",
    ]
    found_ = [one.message for one in found(machine, script(*lines)) if one.code == "KA212"]
    assert [message.split('"')[1] for message in found_] == ["eth1", "eth2"]
    text = script(*lines, head="dynamic_interfaces")
    assert codes(machine, text) == set()


@NEEDS_ROOT
def test_the_owner_of_a_fifo_matters_from_2_4_on(machine: Machine) -> None:
    text = BY_CODE["KA214"].examples[0]
    _foreign_fifo(machine)
    assert codes(machine, text) == set()
    machine.write("/etc/passwd", f"alice:x:{ALICE}:{ALICE}::/:/bin/sh\n", 0o644)
    assert codes(machine, text.replace("root root", "alice"), Version(2, 4)) == set()
    assert codes(machine, text.replace("root root", "root"), Version(2, 4)) == {"KA214"}


def test_a_file_that_keepalived_makes_itself_need_not_be_there(machine: Machine) -> None:
    text = BY_CODE["KA218"].examples[0]
    machine.at(BRAKE).unlink()
    assert codes(machine, text.replace("}", "  init_file 0\n}")) == set()


def test_no_text_is_too_strange_for_a_machine(machine: Machine) -> None:
    words = ("", '"', "{", "}", "x", "/\0", "\ud800", "'", "/usr/../..", "a" * 5000)
    for word in words:
        for keyword in ("notify_master", "unicast_src_ip", "interface"):
            codes(machine, script(f"{keyword} {word}"))
        for keyword in ("vrrp_notify_fifo", "script_user"):
            codes(machine, script(head=f"{keyword} {word} {word}"), Version(2, 4))
        codes(machine, f"track_file x {{\n  file {word}\n}}\n")
        codes(machine, BY_CODE["KA219"].examples[0].replace("file:", word), Version(2, 4))
