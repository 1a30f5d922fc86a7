"""Google Cloud's part of the bench: it runs, and its counts are right. Times are not compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.lab.cloud.faults import Faults

from bench import app, moves, ways
from bench.counts import Counts
from bench.gcp import contest, imports, sections
from bench.gcp.stage import GcpStage, stage
from bench.imports import imports as of_codes
from bench.report import Report, Section, as_text, write_markdown

# What it calls has tests of its own, which are measured.
pytestmark = [pytest.mark.sweep, pytest.mark.long]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[GcpStage]:
    with stage(tmp_path) as found:
        yield found


def test_a_prepared_move_of_each_kind_takes_the_calls_that_are_documented(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moves, "SLOW", Faults(operation_ms=50))
    section = sections.moves(Counts(rounds=1))
    counts = [target for target in section.targets if "calls" in target.name]
    assert len(counts) == 8
    assert all(target.met for target in counts), as_text(section)
    gaps = [row[-1] for row in section.rows]
    assert gaps[:2] == [0, 0]
    assert all(gap >= 50 for gap in gaps[2:] if isinstance(gap, float))


def test_google_s_client_by_its_parts_is_smaller_than_the_whole() -> None:
    found = of_codes(imports.CODE, 1)
    memory = {name: found[name].memory_mib for name in imports.CODE}
    assert memory[imports.AUTH] < memory[imports.PARTS] < memory[imports.WHOLE]


def test_promote_is_measured_with_and_without_the_whole_package(scene: GcpStage) -> None:
    now, whole = imports.promotes(scene, 1)
    assert min(now, whole) > 0
    assert [call.operation for call in scene.cloud.calls if call.mutating] == [
        "forwardingRules.setTarget"
    ] * 2


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
@pytest.mark.timeout(300)
def test_each_way_moves_the_rule(scene: GcpStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "SLOW", Faults())
    times = {name: runs[0] for name, runs in contest.contest(scene, "forwarding-rule", 1).items()}
    assert set(times) == set(sections.NAMES)
    assert {timing.writes for timing in times.values()} == {1}
    assert {timing.unowned_ms for timing in times.values()} == {0}


def test_each_provider_has_its_part_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "numbers.md"
    section = Section("x", "Title", ("what", "ms"), (("a", 2.5),))
    write_markdown(Report("a machine", 3, (section,), "gcp"), page)
    write_markdown(Report("a machine", 3, (section,)), page)
    both = page.read_text()
    assert both.index("# Numbers\n") == 0
    assert both.index("## Title\n") < both.index("## Google Cloud\n") < both.index("### Title\n")
    write_markdown(Report("another machine", 5, (), "gcp"), page)
    assert "## Title\n" in page.read_text()
    assert "### Title\n" not in page.read_text()
    assert "another machine" in page.read_text()


def test_a_section_that_a_provider_has_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        app.main(["--provider", "gcp", "--only", "batch"])
    assert caught.value.code == 2
    assert "--only batch: gcp has moves, hand, sdk, rest" in capsys.readouterr().err
