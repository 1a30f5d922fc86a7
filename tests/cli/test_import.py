"""`cloudfail import`: what goes where, and what is never written over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.cli import import_conf
from cloudfail.cli.parser import Parser
from cloudfail.config import load
from cloudfail.errors import ConfigError, UsageError

from cli.machine import Answer

NODE = """
global_defs {
  lvs_flush
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 100
  unicast_src_ip 10.0.1.10
  unicast_peer {
    10.0.1.20
  }
  authentication {
    auth_type PASS
    auth_pass s3cr3t
  }
  notify_master /etc/keepalived/nowhere.sh
}
"""
Run = Callable[..., Answer]


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "keepalived.conf"
    path.write_text(NODE)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*argv: object) -> Answer:
        parser = Parser(prog="cloudfail import")
        import_conf.configure(parser)
        args = parser.parse_args([str(word) for word in argv])
        code = args.run(args)
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return command


def test_the_toml_is_printed_and_the_notes_beside_it(conf: Path, run: Run, tmp_path: Path) -> None:
    answer = run(conf)
    assert answer.code == 0
    path = tmp_path / "cloudfail.toml"
    path.write_text(answer.out)
    assert load(path, {}).instances["VI_1"].virtual_router_id == 51
    assert f"{conf}:15: changed: auth_pass ********" in answer.err
    assert f"{conf}:17: left out: notify_master" in answer.err
    assert "s3cr3t" not in answer.out + answer.err
    for hint in ("--extras DIR", "--secrets DIR", "vrrp_check_unicast_src: "):
        assert hint in answer.err


def test_files_get_their_modes(conf: Path, run: Run, tmp_path: Path) -> None:
    made = tmp_path / "out"
    names = {
        "toml": made / "c.toml",
        "extras": made / "conf.d/extras.conf",
        "secret": made / "VI_1.secret",
    }
    answer = run(conf, "--write", names["toml"], "--extras", made, "--secrets", made)
    modes = {name: path.stat().st_mode & 0o777 for name, path in names.items()}
    assert modes == {"toml": 0o644, "extras": 0o600, "secret": 0o600}
    assert names["secret"].read_text() == "s3cr3t\n"
    assert "lvs_flush" in names["extras"].read_text()
    assert answer.out == ""


def test_nothing_is_written_over_unless_forced(conf: Path, run: Run, tmp_path: Path) -> None:
    there, new = tmp_path / "conf.d" / "extras.conf", tmp_path / "new"
    there.parent.mkdir()
    there.write_text("mine")
    with pytest.raises(ConfigError, match="there already"):
        run(conf, "--write", new, "--extras", tmp_path)
    assert there.read_text() == "mine"
    assert not new.exists()
    run(conf, "--write", there, "--force")
    assert "[instance.VI_1]" in there.read_text()


def test_json_is_one_document(conf: Path, run: Run) -> None:
    found = json.loads(run(conf, "--output", "json").out)
    assert found["command"] == "import"
    assert not found["changed"]
    assert "[instance.VI_1]" in found["toml"]
    (left,) = [note for note in found["notes"] if note["what"].startswith("notify_master")]
    assert (left["line"], left["kind"]) == (17, "left out")


def test_a_script_that_is_not_there_is_an_error(conf: Path, run: Run, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--no-script"):
        run(conf, "--script", tmp_path / "none.sh")


def test_a_script_that_is_a_program_is_an_error(conf: Path, run: Run) -> None:
    with pytest.raises(ConfigError, match="no text"):
        run(conf, "--script", "/usr/bin/true")


def test_a_file_is_one_node(conf: Path, run: Run) -> None:
    link = conf.with_name("link.conf")
    link.symlink_to(conf)
    for other in (conf, conf.parent / "x" / ".." / conf.name, link):
        with pytest.raises(UsageError, match="named twice"):
            run(conf, other)


def test_another_provider_has_no_region_of_aws(conf: Path, run: Run, tmp_path: Path) -> None:
    script = tmp_path / "m.sh"
    script.write_text("aws ec2 associate-address --public-ip 203.0.113.7 --region eu-west-1\n")
    assert "[provider.aws]" in run(conf, "--script", script).out
    answer = run(conf, "--script", script, "--provider", "gcp")
    assert 'provider = "gcp"' in answer.out
    assert "[provider." not in answer.out


def test_what_both_files_say_is_told_once(conf: Path, run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.conf"
    other.write_text(
        conf.read_text().replace(".10", ".x").replace(".20", ".10").replace(".x", ".20")
    )
    lines = [line for line in run(conf, other).err.splitlines() if "lvs_flush" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"{conf}:3: left out")
    assert lines[0].endswith(f"({other}:3 too)")
    found = json.loads(run(conf, other, "--output", "json").out)["notes"]
    assert len([note for note in found if note["what"] == "lvs_flush"]) == 2
