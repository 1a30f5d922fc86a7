"""The bench itself: it runs, it counts calls right, and it says when a target is missed.

Nothing here compares times: a busy machine must not fail the suite. Counts are not times.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.lab.cloud.records import Change

from bench import (
    agent_sections,
    app,
    contest,
    crowd,
    event,
    explain,
    kills,
    maintained,
    many,
    sections,
    written,
)
from bench.counts import Counts
from bench.report import Report, Section, Target, as_text, write_json, write_markdown
from bench.scene import unowned_seconds
from bench.stage import Stage, small_world, stage

# What it calls has tests of its own, which are measured.
pytestmark = [pytest.mark.sweep, pytest.mark.long]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Stage]:
    with stage(small_world(), tmp_path) as found:
        yield found


def test_each_way_moves_the_address_and_only_the_script_leaves_it_without_a_holder(
    scene: Stage,
) -> None:
    times = {name: runs[0] for name, runs in contest.contest(scene, 1).items()}
    assert times["script"].unowned_ms > 0
    assert times["script"].writes == 2
    assert times["cloudfail"].unowned_ms == 0
    assert times["floor"].unowned_ms == 0


def test_one_public_ip_costs_one_write_and_a_look_on_either_side() -> None:
    section = sections.calls(1)
    assert section.met, as_text(section)


def test_a_long_file_is_linted_and_a_short_one_generated() -> None:
    assert written.long_conf().count("\n") == written.LINES
    section = sections.conf(1)
    assert [row[0] for row in section.rows][2:] == [sections.LONG, sections.GENERATE]
    for _, wall, own in section.rows:
        assert isinstance(wall, float)
        assert isinstance(own, float)
        assert wall > 0
        assert own > 0
    assert [target.limit for target in section.targets] == [1000, 300]


def test_describes_do_not_grow_with_the_number_of_claims(tmp_path: Path) -> None:
    with stage(small_world(), tmp_path) as scene:
        few, lot = many.run(scene, 5), many.run(scene, many.COUNT)
    assert few.writes == {"AssociateAddress": 5, "ReplaceRoute": 5}
    assert lot.writes == {"AssociateAddress": 50, "ReplaceRoute": 50}
    assert lot.reads == few.reads <= 6


def test_the_parts_of_a_promote_add_up(scene: Stage) -> None:
    lines = {line.what: line for line in explain.middle([explain.trace(scene)])}
    assert {explain.START, "SDK import", "metadata", *explain.WIRE, explain.EXIT} <= set(lines)
    assert all(line.ms >= 0 for line in lines.values())
    assert all(lines[what].ms >= lines[what].of_cloud_ms > 0 for what in explain.WIRE)


def test_the_time_without_a_holder_is_from_release_to_take_for_each_target() -> None:
    def change(t: float, target: str, holder: str) -> Change:
        return Change(t, "public-ip", target, holder, "")

    changes = [change(1, "x", ""), change(2, "y", ""), change(4, "x", "eni-b")]
    assert unowned_seconds(changes, end=10) == 3 + 8


def test_the_bound_is_the_slower_of_buckets_and_pool() -> None:
    held_back = many.Batch(0, 0, reads=4, writes={"ReplaceRoute": 60}, phases=(2, 60, 2))
    assert many.bound_ms(held_back, 50) == pytest.approx((60 - 50) / 5 * 1000)
    at_once = many.Batch(0, 0, reads=4, writes={"ReplaceRoute": 33}, phases=(2, 33, 2))
    assert many.bound_ms(at_once, 50) == pytest.approx((1 + 3 + 1) * 50)


def test_a_missed_target_is_printed_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    missed = Section("x", "X", ("what", "n"), (("a", 2),), (Target("n", 2, 1, "ms"),))
    monkeypatch.setattr(app, "PROVIDERS", {"aws": {"x": lambda counts: missed}})
    out = tmp_path / "out.json"
    assert app.main(["--rounds", "1", "--output", str(out)]) == 1
    assert "MISSED: n: 2 ms, at most 1 ms" in capsys.readouterr().out
    document = json.loads(out.read_bytes())
    assert document["ok"] is False
    assert document["sections"][0]["targets"][0]["met"] is False


def test_a_page_has_a_table_a_verdict_and_the_notes_of_each_section(tmp_path: Path) -> None:
    section = Section(
        "x", "Title", ("what", "ms"), (("a", 2.5), ("b", "-")), (Target("t", 1, 2),), ("a note",)
    )
    write_markdown(Report("a machine", 3, (section,)), tmp_path / "numbers.md")
    page = (tmp_path / "numbers.md").read_text()
    assert "## Title" in page
    assert "| a | 2.50 |" in page
    assert "ok: t: 1, at most 2" in page
    assert "a note" in page
    write_json(Report("a machine", 3, (section,)), tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_bytes())["ok"] is True


def test_each_line_in_the_fifo_leads_to_a_call_without_a_look_before_it() -> None:
    section = agent_sections.told(Counts(transitions=2))
    assert [target.value for target in section.targets][-1] == 0, as_text(section)
    for row in section.rows:
        assert all(isinstance(value, float) and value > 0 for value in row[1:])
    assert [target.limit for target in section.targets] == [5, 20, 2, 0]


def test_promote_is_answered_by_the_agent_with_the_time_of_its_calls() -> None:
    (_, nothing, _), (_, promote, _), (_, api, _) = agent_sections.ask(Counts(rounds=1)).rows
    assert isinstance(nothing, float)
    assert isinstance(promote, float)
    assert isinstance(api, float)
    assert 0 < api < promote
    assert nothing > 0


def test_the_agent_is_weighed() -> None:
    section = agent_sections.rest(Counts(idle=0.1, growth=10))
    assert 10 < section.targets[0].value < 80, as_text(section)
    assert [target.limit for target in section.targets] == [80, 0.5, 1]


def test_every_instance_calls_once_it_is_master() -> None:
    section = agent_sections.crowded(Counts(rounds=1))
    (_, first, last, apart), _ = section.rows
    assert isinstance(first, float)
    assert isinstance(last, float)
    assert apart == pytest.approx(last - first)
    assert section.targets[-1].value == 0, as_text(section)


def test_one_instance_takes_everything_within_its_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "CLAIMS", 5)
    ((writes, reads, buckets, *_),) = agent_sections.lots(Counts(rounds=1)).rows
    assert (writes, buckets) == ("10", 0)
    assert isinstance(reads, int)
    assert reads >= 1


def test_what_a_kill_takes_beyond_vrrp_is_counted_from_the_runs_without_an_agent() -> None:
    pairs = [kills.Pair(told=400, here=461, alone=390), kills.Pair(told=400, here=463, alone=392)]
    assert kills.beyond(pairs, 50) == pytest.approx(462 - 391 - 50)


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(1, 101)]
    assert event.quantile(values, 0.99) == 99
    assert event.quantile(values, 1.0) == 100
    assert event.quantile([3.0], 0.99) == 3


@pytest.mark.netns
def test_a_killed_master_is_followed_and_its_pair_only_noted() -> None:
    (pair,) = kills.measure(0.1, 10, 1)
    assert pair.alone > 300  # three adverts
    assert pair.told <= pair.here


@pytest.mark.netns
def test_an_announced_interruption_is_measured_from_the_poll_that_saw_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(maintained, "_INTERVAL", 0.2)
    section = maintained.section_of("aws")(Counts(rounds=1))
    assert [row[0] for row in section.rows] == ["median", "most"]
    _, told, here, _, nobody = section.rows[1]
    assert isinstance(told, float)
    assert isinstance(here, float)
    assert 0 < told < here
    assert nobody == 0
