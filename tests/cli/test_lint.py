"""cloudfail lint: outputs, exit codes, which keepalived, and which machine."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest
from cloudfail import identity
from cloudfail.cli import lint, main
from cloudfail.cli.lint_output import _data, _property
from cloudfail.cli.reference_lint import lint_page
from cloudfail.keepalived.lint.rules import ALL
from cloudfail.keepalived.version import Version

from cli.machine import Answer

GOOD = """global_defs {
  vrrp_version 3
  vrrp_check_unicast_src
  vrrp_higher_prio_send_advert true
  vrrp_min_garp true
}
vrrp_instance VI_1 {
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 51
  unicast_src_ip 192.0.2.1
  unicast_fault_no_peer
  unicast_peer {
    192.0.2.2
  }
  virtual_ipaddress {
    192.0.2.9/32
  }
}
"""
INFO = GOOD.replace("  nopreempt\n", "")
WARNING = GOOD.replace("  vrrp_check_unicast_src\n", "")
ERROR = GOOD.replace("  nopreempt\n", "  nopreempt\n  priority 255\n")
Run = Callable[..., Answer]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run with files of these texts, without a look at this machine unless it is asked for."""
    monkeypatch.setattr(lint, "installed_version", lambda: Version(2, 2, 7))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, host: str = "--no-host") -> Answer:
        words = [*arguments, *([host] if host else [])]
        for at, word in enumerate(words):
            if "\n" in word:
                path = tmp_path / f"{at}.conf"
                path.write_text(word)
                words[at] = path.name
        capsys.readouterr()
        code = main.main(["lint", *words])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


def test_a_good_file_has_no_findings(run: Run) -> None:
    assert run(GOOD) == Answer(0, "1 file: no findings\n", "")


def test_text_names_place_severity_code_and_remedy(run: Run) -> None:
    assert run(ERROR).out.splitlines() == [
        "0.conf:10: error KA013 VI_1 has priority 255; use 254 or less",
        "1 file: 1 error",
    ]


@pytest.mark.parametrize(
    ("text", "fail_on", "code"),
    [
        (GOOD, "info", 0),
        (INFO, "info", 1),
        (INFO, "warning", 0),
        (WARNING, "info", 1),
        (WARNING, "warning", 1),
        (WARNING, "error", 0),
        (ERROR, "info", 1),
        (ERROR, "warning", 1),
        (ERROR, "error", 1),
    ],
)
def test_the_exit_code_says_whether_something_of_the_severity_is_left(
    run: Run, text: str, fail_on: str, code: int
) -> None:
    assert run(text, "--fail-on", fail_on).code == code
    assert run(text, "--fail-on", fail_on, "--output", "json").json["exit_code"] == code
    if fail_on == "warning":
        assert run(text).code == code


def test_a_suppressed_finding_does_not_fail(run: Run) -> None:
    text = ERROR.replace("priority 255", "priority 255 # cloudfail: ignore KA013 it is the owner")
    assert run(text).code == 0


def test_json_has_the_findings(run: Run) -> None:
    found = run(ERROR, "--output", "json").json
    assert found["command"] == "lint"
    assert found["keepalived_version"] == "2.2.7"
    assert found["files"] == ["0.conf"]
    assert found["counts"] == {"info": 0, "warning": 0, "error": 1}
    assert found["findings"] == [
        {
            "code": "KA013",
            "severity": "error",
            "file": "0.conf",
            "line": 10,
            "title": "Priority 255",
            "message": "VI_1 has priority 255",
            "remedy": "use 254 or less",
        }
    ]


def test_github_gets_workflow_commands(run: Run) -> None:
    answer = run(ERROR, "--output", "github")
    assert answer.out == (
        "::error file=0.conf,line=10,title=KA013 Priority 255::"
        "VI_1 has priority 255; use 254 or less\n"
    )
    assert answer.err == "1 file: 1 error\n"
    assert run(WARNING, "--output", "github").out.startswith("::warning file=0.conf,line=13,")
    assert run(INFO, "--output", "github").out.startswith("::notice file=0.conf,line=8,")


def test_github_is_given_no_character_that_it_acts_on(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a,b:c%d.conf").write_text(ERROR)
    out = run("a,b:c%d.conf", "--output", "github").out
    assert out.startswith("::error file=a%2Cb%3Ac%25d.conf,line=10,")
    assert _data("50%\r\n:,") == "50%25%0D%0A:,"
    assert _property("50%\r\n:,") == "50%25%0D%0A%3A%2C"


def test_a_file_that_cannot_be_read_is_78(run: Run) -> None:
    answer = run("nowhere.conf")
    assert answer.code == 78
    assert "nowhere.conf: No such file or directory" in answer.err
    answer = run("nowhere.conf", "--output", "json")
    assert (answer.code, answer.json["error"]["type"]) == (78, "config")


def test_without_a_file_it_is_the_one_of_this_machine(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "default.conf").write_text(GOOD)
    monkeypatch.setattr(lint, "DEFAULT", str(tmp_path / "default.conf"))
    assert run().code == 0
    assert run("--output", "json").json["files"] == [str(tmp_path / "default.conf")]


def test_the_version_decides(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = GOOD.replace("    192.0.2.9/32\n", "").replace(
        "nopreempt", "no_virtual_ipaddress\n  nopreempt"
    )
    assert {"KA035", "KA092"} <= codes(run(empty, "--output", "json"))
    assert codes(run(empty, "--keepalived-version", "2.2.8", "--output", "json")) == set()
    assert run(empty, "--keepalived-version", "two").code == 64
    assert run(empty, "--keepalived-version", "1.3").code == 78
    monkeypatch.setattr(lint, "installed_version", lambda: None)
    answer = run(empty)
    assert "keepalived is not installed here: taking it for 2.2.7" in answer.err


def test_what_was_generated_for_another_node_is_not_looked_for_here(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "local_addresses", lambda: frozenset([ip_address("192.0.2.1")]))
    script = '  notify "/nonexistent/script" root root\n}\n'
    text = GOOD.replace("vrrp_version 3", "enable_script_security\n  vrrp_version 3")
    text = text.removesuffix("}\n") + script
    head = "# Generated by cloudfail for node b at %s, for keepalived 2.2.7.\n"
    there, here = head % "192.0.2.2" + text, head % "192.0.2.1" + text
    skipped = "0.conf is of another node: its scripts are not looked at here"
    on_host = {rule.code for rule in ALL if rule.code.startswith("KA2")}
    assert on_host
    for file, flag, looks in (
        (there, "", False),
        (there, "--host", True),
        (there, "--no-host", False),
        (here, "", True),
        (here, "--no-host", False),
        (text, "", True),
    ):
        answer = run(file, "--output", "json", host=flag)
        assert bool(codes(answer) & on_host) is looks, (file, flag)
        assert (skipped in answer.err) is (file is there and not flag)


def test_every_code_is_listed_and_explained(run: Run) -> None:
    listed = run("--list").out.splitlines()
    assert [line.split()[0] for line in listed] == [rule.code for rule in ALL]
    for rule in ALL:
        said = run("--explain", rule.code).out
        assert said.startswith(f"{rule.code}: {rule.title} ({rule.severity})\n\n")
        assert " ".join(f"{rule.why} Remedy: {rule.remedy}.".split()) in " ".join(said.split())
        assert max(map(len, said.partition("Remedy")[0].splitlines())) <= 88
        assert rule.examples[0].splitlines()[-1] in said
    assert run("--list", "--output", "json").json["rules"][0]["code"] == ALL[0].code
    assert run("--explain", "ka013", "--output", "json").json["title"] == "Priority 255"
    assert run("--explain", "KA000").code == 64


def test_a_file_named_twice_is_one_node(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text(GOOD)
    (tmp_path / "link.conf").symlink_to("a.conf")
    assert run("a.conf", "./a.conf", str(tmp_path / "a.conf"), "link.conf") == Answer(
        0, "1 file: no findings\n", ""
    )


def test_standard_input_is_a_file_like_any_other(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def piped(text: bytes, *arguments: str) -> Answer:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        return run("-", *arguments)

    (tmp_path / "inner.conf").write_text(GOOD)
    assert piped(b"include inner.conf\n") == Answer(0, "1 file: no findings\n", "")
    assert piped(ERROR.encode()).out.startswith("standard input:10: error KA013 ")
    assert piped(GOOD.encode(), str(tmp_path / "inner.conf")).out.endswith(
        "2 files: 1 error, 1 warning\n"
    )
    # A file with conditions is read once for each of its nodes; the pipe gives it once.
    assert piped(ERROR.replace("  priority", "  @a priority").encode()).code == 1
    assert piped(b"\xff\xfe\0\n").code == 1


def test_a_directory_a_binary_and_an_empty_file_are_no_crash(run: Run, tmp_path: Path) -> None:
    assert run(".").code == 78
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 20)
    assert run("binary").code == 1
    (tmp_path / "empty").touch()
    assert codes(run("empty", "--output", "json")) == {"KA090"}


def test_of_several_nodes_files_only_this_machines_is_held_against_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = GOOD.replace("nopreempt", 'nopreempt\n  notify_fault "/nonexistent/%s" root root')
    a, b = script % "a", (script % "b").replace("192.0.2.1\n", "192.0.2.7\n")

    def missing(local: str, *files: str) -> list[str]:
        monkeypatch.setattr(identity, "local_addresses", lambda: frozenset([ip_address(local)]))
        found = run(*files, "--output", "json", host="").json["findings"]
        return [one["file"] for one in found if one["code"] == "KA201"]

    assert missing("192.0.2.1", a, b) == ["0.conf"]
    assert missing("192.0.2.7", a, b) == ["1.conf"]
    assert missing("192.0.2.8", a, b) == [], "a pair in a repository"
    assert "scripts are not looked at; see --host" in run(a, b, host="").err
    assert missing("192.0.2.8", a) == ["0.conf"], "who lints one file means this machine"


def test_two_files_are_two_nodes(run: Run) -> None:
    answer = run(GOOD, GOOD.replace("192.0.2.1\n", "192.0.2.2\n"), "--output", "json")
    assert answer.json["files"] == ["0.conf", "1.conf"]
    assert "2 files" in run(GOOD, ERROR).out.splitlines()[-1]


def codes(answer: Answer) -> set[str]:
    return {one["code"] for one in json.loads(answer.out)["findings"]}


def test_every_code_is_in_the_reference_with_its_reason() -> None:
    page = lint_page("note")
    for rule in ALL:
        assert f"\n### {rule.code}\n\n**{rule.title}** ({rule.severity})\n" in page
        assert f"[{rule.code}](#{rule.code.lower()})" in page
    assert page.count("```") % 2 == 0
    fenced = "\n".join(page.split("```")[1::2])
    assert max(map(len, fenced.splitlines())) < 200
    assert "\n-    10.99.0.100/24\n+    10.99.0.100/32\n" in fenced
