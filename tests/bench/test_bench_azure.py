"""Azure's part of the bench: it runs, and its counts are right. Times are not compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.lab.cloud.faults import Faults

from bench import app, moves, ways
from bench.azure import contest, sections
from bench.azure.stage import KINDS, AzureStage, stage
from bench.contest import measure
from bench.counts import Counts
from bench.imports import imports
from bench.report import Report, Section, as_text, write_markdown

# What it calls has tests of its own, which are measured.
pytestmark = [pytest.mark.sweep, pytest.mark.long]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[AzureStage]:
    with stage(tmp_path) as found:
        yield found


def test_a_prepared_move_of_each_kind_begins_with_its_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moves, "SLOW", Faults(operation_ms=50))
    section = sections.moves(Counts(rounds=1))
    counts = [target for target in section.targets if "calls before" in target.name]
    assert len(counts) == len(KINDS)
    assert all(target.met for target in counts), as_text(section)
    assert [row[2] for row in section.rows] == [1, 2, 2]
    gaps = [row[-1] for row in section.rows]
    assert gaps[0] == 0
    assert all(gap >= 50 for gap in gaps[1:] if isinstance(gap, float))


def test_each_way_moves_the_route(scene: AzureStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "SLOW", Faults())
    slow = measure(scene, contest.script("route", ""))
    found = contest.contest(scene, "route", 1, slow)
    times = {name: runs[0] for name, runs in found.items()}
    assert set(times) == set(sections.NAMES)
    assert {timing.writes for timing in times.values()} == {1}
    assert {timing.unowned_ms for timing in times.values()} == {0}


@pytest.mark.parametrize("kind", ["public-ip", "private-ip"])
def test_the_script_moves_an_address_in_two_changes(scene: AzureStage, kind: str) -> None:
    timing = measure(scene, contest.script(kind, "0.2"))
    assert timing.writes == 2
    assert timing.unowned_ms > 0


def test_microsoft_s_client_is_larger_than_what_it_is_made_of() -> None:
    found = [one.memory_mib for one in imports(sections.ALONE, 1).values()]
    assert found == sorted(found)


def test_azure_has_the_last_part_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "numbers.md"
    section = Section("x", "Title", ("what", "ms"), (("a", 2.5),))
    for provider in ("azure", "gcp", "aws"):
        write_markdown(Report("a machine", 3, (section,), provider), page)
    both = page.read_text()
    assert both.index("## Google Cloud\n") < both.index("## Azure\n")
    assert both.count("### Title\n") == 2


def test_a_section_that_azure_has_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        app.main(["--provider", "azure", "--only", "sdk"])
    assert caught.value.code == 2
    assert "--only sdk: azure has moves, hand, rest, maintained" in capsys.readouterr().err
