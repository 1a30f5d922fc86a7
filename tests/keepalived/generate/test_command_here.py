"""`cloudfail generate`: whose files, and what it says when a part of it is not installed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from cloudfail import process

from keepalived.generate.two_nodes import write_pair

EXECUTABLE = Path(sys.executable).with_name("cloudfail")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_pair(tmp_path)


def run(config: Path, *args: str, **environ: str) -> process.CompletedProcess[str]:
    command = [str(EXECUTABLE), "generate", "--config", str(config), *args]
    version = ("--keepalived-version", "2.2.7")
    return process.run(
        [*command, *version],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
        timeout=60,
    )


def test_the_variable_says_which_node_this_is_as_everywhere(config: Path) -> None:
    assert "router_id b\n" in run(config, CLOUDFAIL_NODE="b").stdout
    assert "router_id a\n" in run(config, "--node", "a", CLOUDFAIL_NODE="b").stdout
    done = run(config, CLOUDFAIL_NODE="c")
    assert (done.returncode, done.stdout) == (78, "")
    assert 'no node is named "c"' in done.stderr


def test_a_missing_jinja2_is_said(config: Path, tmp_path: Path) -> None:
    (tmp_path / "jinja2.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'jinja2'\", name='jinja2')\n"
    )
    done = run(config, "--node", "a", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.count("\n") == 1
    assert "jinja2 is not installed" in done.stderr
    assert "apt-get install python3-jinja2" in done.stderr


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_the_same_input_gives_the_same_bytes(config: Path, seed: str) -> None:
    args = ("--node", "a", "--output", "files")
    assert run(config, *args, PYTHONHASHSEED=seed).stdout == run(config, *args).stdout != ""
