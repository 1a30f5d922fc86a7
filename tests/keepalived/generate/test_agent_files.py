"""What the agent needs of a node, read by those who will read it; and nothing of it without one."""

from __future__ import annotations

import re
import shlex
import shutil
import stat
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.agent.handbrake import DIRECTORY
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import files_of
from cloudfail.role.directory import file_name

from keepalived.generate.place import GROUP, PASSWD, needs_keepalived, run_inside
from keepalived.generate.two_nodes import node_a

UNIT = "/etc/systemd/system/cloudfail-agent.service"
TMPFILES = "/etc/tmpfiles.d/cloudfail.conf"
DROP_IN = "/etc/systemd/system/keepalived.service.d/cloudfail.conf"
CONF = "/etc/keepalived/keepalived.conf"
EXPOSURE = 25  # of 100, as systemd-analyze(1) counts
# Each line that the unit can have, and a path that wants quotes and escapes.
EVERYTHING = """
[agent]
metrics_textfile = "/var/lib/prometheus/cloudfail.prom"
load_credential = ["aws:/etc/cloudfail/aws", "b.c:/etc/cloudfail/b=c"]
[journal]
path = '/srv/a journal/50%"\\é/journal.jsonl'
[[instance.edge.responder]]
port = 80
[[instance.edge.responder]]
port = 8080
"""
OFF = "[agent]\nenabled = false\n"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"needs {program}")


def files(directory: Path, more: str = "") -> dict[str, str]:
    return {file.path: file.text for file in files_of(node_a(directory, more)).files}


def values(unit: str, key: str) -> list[str]:
    return re.findall(rf"(?m)^{key}=(.*)$", unit)


@pytest.mark.keepalived
@needs_keepalived
@needs("systemd-analyze")
@pytest.mark.parametrize("more", ["", EVERYTHING])
def test_systemd_has_nothing_to_say_of_the_unit(more: str, tmp_path: Path) -> None:
    """It would, of a program that is not there, and of a line it does not know."""
    unit = tmp_path / "cloudfail-agent.service"
    unit.write_text(files(tmp_path, more)[UNIT])
    script = f"""
        mkdir /run/bin && mount --bind /run/bin /usr/local/bin
        verify() {{ systemd-analyze verify --man=no {unit} 2>&1; echo "exit $?"; }}
        verify
        echo '#!/bin/sh' >/usr/local/bin/cloudfail
        chmod 0755 /usr/local/bin/cloudfail
        verify
        echo 'Restarts=always' >>{unit}
        verify
    """
    said = run_inside(script, tmp_path).stdout
    missing, whole, unknown = re.split(r"(?m)(?<=^exit \d)\n", said.removesuffix("\n"))
    assert "/usr/local/bin/cloudfail is not executable" in missing
    assert whole == "exit 0"
    assert re.search("Unknown key (name )?'Restarts'", unknown)


@needs("systemd-analyze")
def test_the_agent_is_exposed_no_more_than_it_has_to_be(tmp_path: Path) -> None:
    unit = tmp_path / "cloudfail-agent.service"
    unit.write_text(files(tmp_path)[UNIT])
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}"]
    done = process.run([*command, str(unit)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    unit.write_text(unit.read_text().replace("CapabilityBoundingSet=", "#"))
    bad = process.run([*command, str(unit)], capture_output=True, text=True, check=False)
    assert bad.returncode != 0, "the threshold is one that can be missed"


def test_the_agent_may_listen_below_1024_only_where_it_has_to(tmp_path: Path) -> None:
    plain = files(tmp_path)[UNIT]
    assert values(plain, "CapabilityBoundingSet") == ["CAP_NET_RAW"]
    low = files(tmp_path, EVERYTHING)[UNIT]
    assert values(low, "CapabilityBoundingSet") == ["CAP_NET_RAW CAP_NET_BIND_SERVICE"]
    assert values(low, "AmbientCapabilities") == values(low, "CapabilityBoundingSet")
    assert "# CAP_NET_BIND_SERVICE: to answer on port 80.\n" in low
    metrics = files(tmp_path, '[agent]\nmetrics_listen = "127.0.0.1:443"\n')[UNIT]
    assert values(metrics, "CapabilityBoundingSet") == ["CAP_NET_RAW CAP_NET_BIND_SERVICE"]


def test_it_writes_nowhere_but_where_it_was_told_to(tmp_path: Path) -> None:
    assert values(files(tmp_path)[UNIT], "ReadWritePaths") == []
    found = values(files(tmp_path, EVERYTHING)[UNIT], "ReadWritePaths")
    assert found == ['"-/srv/a journal/50%%\\"\\\\é"', "-/var/lib/prometheus"]
    fifo = '[keepalived]\nvrrp_notify_fifo = "/run/edge/fifo"\n'
    assert values(files(tmp_path, fifo)[UNIT], "ReadWritePaths") == ["-/run/edge"]


def test_however_it_ends_no_handover_is_left(tmp_path: Path) -> None:
    """systemd runs it after a kill -9 too, and where the agent cannot start again."""
    (line,) = values(files(tmp_path)[UNIT], "ExecStopPost")
    left = tmp_path / "handover"
    left.mkdir()
    command = line.replace("$$", "$").replace(str(DIRECTORY), str(left))
    process.run(shlex.split(command), check=True)  # nothing is there
    assert list(left.iterdir()) == []
    (left / "edge").write_text("1\n")
    (left / "web").write_text("0\n")
    process.run(shlex.split(command), check=True)
    assert {file.name: file.read_text() for file in left.iterdir()} == {"edge": "0\n", "web": "0\n"}


def test_credentials_are_files_that_only_root_reads(tmp_path: Path) -> None:
    assert values(files(tmp_path, EVERYTHING)[UNIT], "LoadCredential") == [
        "aws:/etc/cloudfail/aws",
        "b.c:/etc/cloudfail/b=c",
    ]


@pytest.mark.parametrize("path", ["/run/systemd/a.sock", "/srv/x/a.sock", "/run/cloudfail/../x/a"])
def test_a_socket_that_the_agent_could_not_make_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"agent\.socket: nobody makes .*/run/cloudfail/a"):
        files(tmp_path, f'[agent]\nsocket = "{path}"\n')
    assert files(tmp_path, f'[agent]\nsocket = "{path}"\nenabled = false\n')


def test_without_an_agent_nothing_is_of_it(tmp_path: Path) -> None:
    on, off = files(tmp_path), files(tmp_path, OFF)
    assert on.keys() - off.keys() == {UNIT}
    for words in ("vrrp_notify_fifo", "handover"):
        assert words in on[CONF] + on[TMPFILES]
        assert words not in off[CONF] + off[TMPFILES]
    assert "cloudfail-agent" in on[DROP_IN]
    assert "cloudfail-agent" not in off[DROP_IN]


def test_keepalived_only_wants_the_agent(tmp_path: Path) -> None:
    """VRRP neither waits for it nor ends with it."""
    made = files(tmp_path)
    lines = [line for line in made[DROP_IN].splitlines() if "cloudfail-agent" in line]
    assert lines == ["Wants=cloudfail-agent.service"]
    assert not re.search(r"(?m)^(Before|After|Requires|BindsTo|PartOf)=", made[UNIT])


def test_the_notify_lines_stay_for_a_node_whose_agent_is_down(tmp_path: Path) -> None:
    conf = files(tmp_path)[CONF]
    assert 'notify "/usr/local/bin/cloudfail notify --instance edge"' in conf
    assert "notify_master_rx_lower_pri" in conf


@pytest.mark.keepalived
@needs_keepalived
@needs("systemd-tmpfiles")
def test_tmpfiles_makes_what_keepalived_and_the_agent_look_for(tmp_path: Path) -> None:
    """Also for a name that is no file name: a % is a specifier there."""
    root = tmp_path / "root"
    site = node_a(tmp_path, "[instance.'v4.:@-']\nprovider = 'aws'\ninterface = 'eth0'\n"
                  "virtual_router_id = 52\nnode = [{ name = 'a', address = '10.0.1.10', priority = 9 },"
                  "{ name = 'b', address = '10.0.1.11', priority = 8 }]\n")  # fmt: skip
    made = {file.path: file.text for file in files_of(site).files}
    for path, text in {
        TMPFILES: made[TMPFILES],
        "/etc/passwd": PASSWD,
        "/etc/group": GROUP,
    }.items():
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (root / path[1:]).write_text(text)
    (root / "run").mkdir()
    command = ["systemd-tmpfiles", "--create", f"--root={root}"]
    done = process.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    tracked = re.findall(r'(?m)^  file "(.*)"$', made[CONF])
    names = ["edge", "v4.:@-"]
    assert tracked == [f"/run/cloudfail/handover/{file_name(name)}" for name in names]
    for path in tracked:
        found = root / path[1:]
        assert found.read_text() == "0"
        assert (stat.S_IMODE(found.stat().st_mode), found.stat().st_uid) == (0o644, 990)
    fifo = (root / "run/cloudfail/vrrp.fifo").stat()
    assert stat.S_ISFIFO(fifo.st_mode)
    assert (stat.S_IMODE(fifo.st_mode), fifo.st_uid, fifo.st_gid) == (0o600, 990, 990)
    (root / tracked[0][1:]).write_text("1")
    process.run(command, check=True)
    assert (root / tracked[0][1:]).read_text() == "1", "a handover under way goes on"
