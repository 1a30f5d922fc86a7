"""The file is whole at every moment, follows changes, and no disk harms the agent."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.agent.metrics import textfile
from cloudfail.agent.metrics.textfile import Textfile, replace
from cloudfail.clock import SystemClock
from cloudfail.config.agent.model import AgentSettings

from agent.metrics.reading import parse, value
from agent.metrics.serving import Served
from agent.metrics.views import BACKUP, MASTER, agent, master

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop waits for the last words, however busy the machine is."""
    monkeypatch.setattr(textfile, "_STOP", 30.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cloudfail.prom"


def wait_for(path: Path, **expected: float) -> None:
    """Until the file shows these values of metrics without labels, or pytest's timeout."""
    while not path.exists() or any(
        value(parse(path.read_bytes()), f"cloudfail_{name}") != one
        for name, one in expected.items()
    ):
        SystemClock().sleep(0.01)


@pytest.fixture
def served(path: Path) -> Iterator[Served]:
    service = Served(agent(master()), AgentSettings(metrics_listen=None, metrics_textfile=path))
    yield service
    service.close()


def test_the_file_has_the_metrics_and_may_be_read_by_all(served: Served, path: Path) -> None:
    wait_for(path, up=1)
    samples = parse(path.read_bytes())
    assert value(samples, "cloudfail_role", state="MASTER") == 1
    assert path.stat().st_mode & 0o7777 == 0o644
    assert served.metrics.problems == ()


def test_a_mask_that_hides_files_does_not_hide_this_one(path: Path) -> None:
    before = os.umask(0o177)  # keepalived's, for what it starts
    try:
        replace(path, b"up 1\n")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o7777 == 0o644


def test_a_change_is_in_the_file_long_before_its_turn(served: Served, path: Path) -> None:
    wait_for(path, problems=0)
    served.view = agent(master(), problems=("a",))
    served.metrics.observer.changed("edge", BACKUP, MASTER)
    wait_for(path, problems=1)


def test_many_changes_at_once_are_few_writes(path: Path) -> None:
    writes: list[int] = []

    def text() -> bytes:
        writes.append(1)
        return b"up 1\n"

    file = Textfile(path, text, lambda: b"up 0\n")
    began = SystemClock().now()
    file.start()
    for _ in range(10_000):
        file.poke()
    file.stop()
    seconds = SystemClock().now() - began
    while not path.exists() or path.read_bytes() != b"up 0\n":  # a busy disk
        SystemClock().sleep(0.01)
    assert 1 <= len(writes) <= 3 + seconds


def test_time_alone_writes_it_anew(path: Path) -> None:
    written = threading.Semaphore(0)

    def text() -> bytes:
        written.release()
        return b"up 1\n"

    file = Textfile(path, text, lambda: b"", every=0.02)
    file.start()
    for _ in range(5):
        assert written.acquire(timeout=30)
    file.stop()


def test_a_stopped_agent_leaves_word_that_it_is_down(path: Path) -> None:
    service = Served(agent(master()), AgentSettings(metrics_listen=None, metrics_textfile=path))
    wait_for(path, up=1)
    service.close()
    samples = parse(path.read_bytes())
    assert value(samples, "cloudfail_up") == 0
    assert "cloudfail_role" not in samples


def test_a_reload_moves_the_file(served: Served, path: Path) -> None:
    wait_for(path, up=1)
    other = path.with_name("other.prom")
    served.do(served.metrics.apply(AgentSettings(metrics_listen=None, metrics_textfile=other)))
    wait_for(other, up=1)
    while path.exists():  # or Prometheus would see a second agent, and that it is down
        SystemClock().sleep(0.01)


def test_a_reader_never_sees_half_a_file(path: Path) -> None:
    pages = [bytes([letter]) * 300_000 + b"\n" for letter in b"abc"]
    replace(path, pages[0])
    done, seen = threading.Event(), set[int]()

    def write() -> None:
        for number in itertools.count():
            if number >= 300 and len(seen) > 1:  # the reader may come late
                break
            replace(path, pages[number % 3])
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set():
        content = path.read_bytes()
        assert content in pages
        seen.add(content[0])
    thread.join()
    assert [one.name for one in path.parent.iterdir()] == ["cloudfail.prom"]


def test_what_a_killed_agent_left_beside_it_is_in_nobodys_way(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"keep me")
    (tmp_path / ".cloudfail.prom.new").symlink_to(victim)
    replace(path, b"up 1\n")
    assert victim.read_bytes() == b"keep me"
    assert path.read_bytes() == b"up 1\n"
    assert not path.is_symlink()


def test_nothing_is_left_of_a_file_that_cannot_take_its_place(path: Path) -> None:
    path.mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        replace(path, b"up 1\n")
    assert [one.name for one in path.parent.iterdir()] == ["cloudfail.prom"]


def test_a_directory_that_is_missing_is_a_problem_until_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "later" / "cloudfail.prom"
    file = Textfile(path, lambda: b"up 1\n", lambda: b"up 0\n", every=0.02)
    file.start()
    while not file.problem:
        SystemClock().sleep(0.01)
    assert file.problem == (
        f"{path}: the metrics are not written: No such file or directory; "
        "make its directory writable for the agent, or set agent.metrics_textfile"
    )
    path.parent.mkdir()
    while file.problem:
        SystemClock().sleep(0.01)
    file.stop()
    assert path.read_bytes() == b"up 0\n"


def test_a_mistake_in_the_metrics_is_a_problem_and_no_end(path: Path) -> None:
    answers = iter([KeyError("x")])

    def text() -> bytes:
        for error in answers:
            raise error
        return b"up 1\n"

    file = Textfile(path, text, lambda: b"up 0\n", every=0.02)
    file.start()
    while not path.exists():
        SystemClock().sleep(0.01)
    file.stop()
    assert file.problem == ""


FULL = """
import pathlib, sys
from cloudfail.agent.metrics.textfile import replace
path = pathlib.Path(sys.argv[1]) / "cloudfail.prom"
replace(path, b"old\\n")
for size in (200_000, 200_000):
    try:
        replace(path, b"x" * size)
        print("written")
    except OSError as exc:
        print(exc.strerror)
print(path.read_text().strip(), [one.name for one in path.parent.iterdir()])
"""


def in_a_small_mount(tmp_path: Path) -> str:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root, to mount")
    script = 'mount -t tmpfs -o size=64k none "$1" && exec "$2" -c "$3" "$1"'
    done = process.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", tmp_path, sys.executable, FULL],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.netns
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    said = in_a_small_mount(tmp_path)
    assert said == "No space left on device\n" * 2 + "old ['cloudfail.prom']\n"


@pytest.mark.netns
def test_a_directory_that_cannot_be_written_is_an_error_with_a_reason(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    tmp_path.chmod(0o755)
    code = (
        "import os, pathlib, sys\n"
        "from cloudfail.agent.metrics import textfile\n"
        "textfile._STOP = 30\n"
        "os.setuid(65534)\n"
        "file = textfile.Textfile(pathlib.Path(sys.argv[1]) / 'c.prom', bytes, bytes)\n"
        "file.start(); file.stop(); print(file.problem)\n"
    )
    done = process.run(
        [sys.executable, "-c", code, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith(f"{tmp_path}/c.prom: the metrics are not written: Permission")
    assert list(tmp_path.iterdir()) == []
