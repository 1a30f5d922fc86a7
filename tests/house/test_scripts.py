"""The scripts hold what the README's first screen promises."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from time import monotonic

import pytest
from cloudfail import process

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "script").iterdir() if path.is_file())


def run(*argv: str | Path, **variables: str) -> process.CompletedProcess[str]:
    kept = {key: text for key, text in os.environ.items() if not key.startswith("COVERAGE")}
    return process.run(
        argv,
        env=kept | variables,
        stdin=process.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_posix_sh_and_can_be_run(script: Path) -> None:
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert os.access(script, os.X_OK)
    assert run("sh", "-n", script).returncode == 0


def test_the_six_scripts_are_there() -> None:
    promised = {"bootstrap", "lab", "test", "lint", "bench", "soak"}
    assert promised <= {script.name for script in SCRIPTS}


def test_an_unknown_profile_is_a_usage_error() -> None:
    done = run(ROOT / "script" / "bootstrap", "nonsense")
    assert (done.returncode, done.stdout) == (64, "")
    assert "usage: script/bootstrap" in done.stderr


@pytest.fixture
def bare_checkout(tmp_path: Path) -> Path:
    """A checkout without a virtual environment, beside a PATH with next to nothing on it."""
    checkout = tmp_path / "checkout"
    (checkout / "script").mkdir(parents=True)
    shutil.copy(ROOT / "script" / "bootstrap", checkout / "script")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "readlink", "printf", "mktemp", "rm", "flock"):
        (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    # An ordinary user, whoever runs this test.
    (tools / "id").write_text("#!/bin/sh\necho 1000\n")
    (tools / "id").chmod(0o755)
    return checkout


def bootstrap(checkout: Path, profile: str = "test") -> process.CompletedProcess[str]:
    script = checkout / "script" / "bootstrap"
    # The script looks in sbin by itself; here it must find nothing there.
    text = script.read_text(encoding="utf-8").replace(":/usr/local/sbin:/usr/sbin:/sbin", "")
    script.write_text(text, encoding="utf-8")
    return run(script, profile, PATH=str(checkout.parent / "bin"), PYTHON="")


def test_an_ordinary_user_is_told_each_missing_thing_in_one_line(bare_checkout: Path) -> None:
    lines = bootstrap(bare_checkout).stderr.splitlines()
    for command, package in (("keepalived", "keepalived"), ("ip", "iproute2"), ("tshark",) * 2):
        (line,) = [line for line in lines if f"missing: {command} (" in line]
        assert line.endswith(f"sudo apt-get install {package}")


def test_without_a_python_that_is_new_enough_it_says_so_and_stops(bare_checkout: Path) -> None:
    python = bare_checkout.parent / "bin" / "python3"
    python.write_text(
        "#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2' && exit 0\nexit 1\n"
    )
    python.chmod(0o755)
    done = bootstrap(bare_checkout)
    assert done.returncode == 78
    assert "Python 3.11 or newer is needed, here is Python 3.9.2" in done.stderr
    assert not (bare_checkout / ".venv").exists()


@pytest.fixture
def python_calls(bare_checkout: Path) -> Path:
    """A stand-in for Python that can make a virtual environment, and notes how it was called."""
    calls = bare_checkout.parent / "calls"
    python = bare_checkout.parent / "bin" / "python3"
    python.write_text(
        f'#!/bin/sh\necho "$*" >>{calls}\n'
        'case "$*" in "-m venv .venv") /bin/mkdir -p .venv/bin && /bin/cp "$0" .venv/bin/python ;;'
        " esac\n"
    )
    python.chmod(0o755)
    return calls


def test_a_second_set_up_starts_no_python_and_takes_no_time(
    bare_checkout: Path, python_calls: Path
) -> None:
    assert bootstrap(bare_checkout).returncode == 0
    assert "-e .[all] -r .venv/dev-requirements.txt" in python_calls.read_text()
    python_calls.unlink()
    began = monotonic()
    assert bootstrap(bare_checkout).returncode == 0
    assert bootstrap(bare_checkout, "lab").returncode == 0  # what tests need includes the lab
    assert monotonic() - began < 2
    assert not python_calls.exists()


def test_what_it_was_made_from_changes_and_it_is_made_again(
    bare_checkout: Path, python_calls: Path
) -> None:
    assert bootstrap(bare_checkout, "lab").returncode == 0
    assert "-e .[lab,completion]" in python_calls.read_text()
    python_calls.unlink()
    with (bare_checkout / "pyproject.toml").open("a") as file:
        file.write("# another dependency\n")
    assert bootstrap(bare_checkout, "lab").returncode == 0
    assert "-e .[lab,completion]" in python_calls.read_text()
