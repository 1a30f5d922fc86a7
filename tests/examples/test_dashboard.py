"""The dashboard has the shape that Grafana 10 imports, and asks for what there is."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloudfail.agent.metrics.catalogue import BY_NAME

from examples.promql import groupings, selectors
from examples.test_alerts import TARGET_LABELS, labels_of, promtool

FILE = Path(__file__).resolve().parents[2] / "examples" / "grafana" / "cloudfail.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
# In Grafana itself since 10.0; others are plugins that an importer may not have.
CORE = {"row", "stat", "timeseries", "state-timeline", "bargauge", "table"}
# prometheus-client's ProcessCollector.
PROCESS = {"process_resident_memory_bytes", "process_cpu_seconds_total"}


def expressions() -> list[str]:
    found = [target["expr"] for panel in PANELS for target in panel.get("targets", ())]
    found += [one["expr"] for one in DASHBOARD["annotations"]["list"]]
    found += [one["definition"] for one in DASHBOARD["templating"]["list"] if "definition" in one]
    return found


@pytest.mark.parametrize("expression", expressions())
def test_every_metric_and_label_it_asks_for_exists(expression: str) -> None:
    found = selectors(expression)
    assert found
    every: set[str] = set()
    for name, labels in found:
        known = TARGET_LABELS if name in PROCESS else labels_of(name)
        assert labels <= known, f"{name} has no {labels - known}"
        every |= known
    assert groupings(expression) <= every


def test_it_shows_every_metric_that_an_operator_looks_for() -> None:
    shown = {re.sub(r"_bucket$", "", name) for one in expressions() for name, _ in selectors(one)}
    left = {
        # Who looks for them asks by name: ages and details behind what is shown.
        "build_info", "heartbeat_timestamp_seconds", "start_time_seconds", "hearing", "problems",
        "notes_total", "instance_info", "priority", "last_event_timestamp_seconds", "busy",
        "standby_ready_age_seconds", "plan_age_seconds", "claim_look_age_seconds",
        "last_failover_timestamp_seconds",
    }  # fmt: skip
    assert set(BY_NAME) - shown <= {f"cloudfail_{name}" for name in left}


def test_a_name_that_does_not_exist_would_be_found() -> None:
    with pytest.raises(KeyError):
        labels_of(selectors("rate(cloudfail_promotion_total[5m])")[0][0])


def test_it_is_of_a_schema_that_grafana_10_reads_without_migration() -> None:
    assert 36 <= DASHBOARD["schemaVersion"] <= 39  # 9.1 ... 10.4
    assert DASHBOARD["uid"] == "cloudfail"
    assert {panel["type"] for panel in PANELS} <= CORE
    assert "__inputs" not in DASHBOARD
    assert "id" not in DASHBOARD, "an id would overwrite somebody's dashboard"


def test_every_panel_takes_the_data_source_that_is_chosen() -> None:
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    for panel in PANELS:
        for asked in [panel, *panel.get("targets", ())] if panel["type"] != "row" else ():
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    used = {name for one in expressions() for name in re.findall(r"\$([a-z]+)\b", one)}
    assert used <= set(variables)


def test_panels_have_their_own_place_and_number() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["w"] >= 4
        assert place["x"] + place["w"] <= 24
        letters = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(letters)) == len(letters)
    for one, other in combinations([panel["gridPos"] for panel in PANELS], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or apart


def test_promtool_reads_every_expression(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": filled(expression)}
        for number, expression in enumerate(expressions())
        if not expression.startswith("label_values(")
    ]
    document = {"groups": [{"name": "panels", "rules": rules}]}
    (tmp_path / "panels.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    done = promtool("check", "rules", "panels.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


def filled(expression: str) -> str:
    """Return the expression with what Grafana puts in for its variables."""
    text = expression.replace("$__rate_interval", "1m").replace("$__range", "6h")
    return re.sub(r"\$(iname|node)", ".*", text)
