"""What a machine spoilt by standing still is played again, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

from cloudfail import process

TESTS = Path(__file__).parents[1]
CONFTEST = """
import again

def pytest_configure(config):
    config.pluginmanager.register(again.PlaysAgain(lambda item: "not_ours" not in item.name))
"""
CASES = """
import os, subprocess, time

tries = {"spoilt": 0, "wrong": 0, "not_ours": 0}

def stand_still():
    stop = f"kill -STOP {os.getpid()}; sleep 0.6; kill -CONT {os.getpid()}"
    with subprocess.Popen(["sh", "-c", stop]):
        time.sleep(0.2)

def test_spoilt():
    tries["spoilt"] += 1
    if tries["spoilt"] < 3:
        stand_still()
        assert False

def test_wrong():
    tries["wrong"] += 1
    assert False

def test_not_ours():
    tries["not_ours"] += 1
    stand_still()
    assert False

def test_counts():
    assert tries == {"spoilt": 3, "wrong": 1, "not_ours": 1}
"""


def test_a_failure_on_a_machine_that_stood_still_is_played_again(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_cases.py").write_text(CASES)
    done = process.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "-rA",
         "--rootdir", tmp_path, tmp_path],
        env={"PYTHONPATH": str(TESTS), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    ended = {
        f"{word} {place.rpartition('::')[2]}"
        for word, _, place in (line.partition(" ") for line in done.stdout.splitlines())
        if word in {"PASSED", "FAILED"}
    }
    assert {one.partition(" - ")[0] for one in ended} == {
        *("PASSED test_spoilt", "FAILED test_wrong", "FAILED test_not_ours", "PASSED test_counts")
    }, done.stdout
    assert "a thread that only sleeps was late by" in done.stdout
