"""The alerts ask for what there is, fire when they should, and keep quiet when all is well."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloudfail import process
from cloudfail.agent.metrics.catalogue import BY_NAME
from cloudfail.agent.role.standing import Mastering, Standing
from cloudfail.agent.view import AgentView, MaintenanceView, NoticeView, Phases, Readiness
from cloudfail.role import Role

from agent.metrics.reading import exposed
from agent.metrics.views import DOUBTFUL, agent, backup, claims, master, ran
from examples.promql import groupings, selectors

PROMETHEUS = Path(__file__).resolve().parents[2] / "examples" / "prometheus"
RULES = PROMETHEUS / "cloudfail.rules.yml"
TESTS = PROMETHEUS / "cloudfail.tests.yml"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"
# Set by Prometheus (job, instance) or by the scrape configuration beside the rules.
TARGET_LABELS = {"instance", "job", "host", "pair"}
# mehdy/keepalived-exporter, internal/collector/collector.go.
OF_OTHERS = {
    "up": set[str](),
    "keepalived_vrrp_state": {"iname", "intf", "vrid", "ip_address"},
    "ALERTS": {"alertname", "alertstate"},
}


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


ALERTS: list[dict[str, Any]] = read(RULES)["groups"][0]["rules"]
for_each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda one: one["alert"])


def labels_of(name: str) -> set[str]:
    if name in OF_OTHERS:
        return OF_OTHERS[name] | TARGET_LABELS
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return set(BY_NAME[base].labels) | TARGET_LABELS | ({"le"} if base != name else set())


@for_each_alert
def test_an_alert_asks_for_metrics_and_labels_that_exist(alert: Mapping[str, Any]) -> None:
    found = selectors(alert["expr"])
    assert found
    for name, labels in found:
        assert labels <= labels_of(name), f"{name} has no {labels - labels_of(name)}"
    every = set().union(*(labels_of(name) for name, _ in found))
    assert groupings(alert["expr"]) <= every


@for_each_alert
def test_an_alert_says_why_it_is_there_and_what_to_do(alert: Mapping[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning", "info"}
    notes = alert["annotations"]
    assert set(notes) == {"summary", "why", "runbook"}
    assert all(len(notes[key]) > 30 for key in notes)
    assert notes["why"].endswith(".")
    assert notes["runbook"].endswith((".", "`.", "?"))


@for_each_alert
def test_the_text_of_an_alert_uses_labels_that_are_left(alert: Mapping[str, Any]) -> None:
    used = set(re.findall(r"\$labels\.([a-z_]+)", alert["annotations"]["summary"]))
    aggregated = re.match(r"\(?\s*(?:max|sum|min) by \(([^)]*)\)", alert["expr"])
    if aggregated:
        assert used <= {label.strip() for label in aggregated.group(1).split(",")}
    else:
        known = set().union(*(labels_of(name) for name, _ in selectors(alert["expr"])))
        assert used <= known


def test_names_of_alerts_are_told_apart() -> None:
    names = [alert["alert"] for alert in ALERTS]
    assert len(set(names)) == len(names)
    assert f"| {len(names)} alerts;" in (PROMETHEUS / "README.md").read_text(encoding="utf-8")


def test_every_alert_is_seen_to_fire_and_to_keep_quiet() -> None:
    fires: set[str] = set()
    quiet: set[str] = set()
    for test in read(TESTS)["tests"]:
        checks = [str(one["exp_samples"]) for one in test["promql_expr_test"]]
        for alert in (one["alert"] for one in ALERTS):
            seen = [f'"{alert}"' in check for check in checks]
            fires |= {alert} if any(seen) else set()
            quiet |= {alert} if any(seen) and not all(seen) else set()
    assert fires == {one["alert"] for one in ALERTS}
    assert quiet == fires


def test_the_series_of_the_tests_are_those_of_the_agent() -> None:
    for test in read(TESTS)["tests"]:
        for series in test["input_series"]:
            ((name, labels),) = selectors(series["series"])
            assert labels <= labels_of(name)
            given = set(BY_NAME[name].labels) if name in BY_NAME else OF_OTHERS[name]
            assert given <= labels, f"the agent's {name} has {given - labels} too"


def promtool(*words: str | Path, cwd: Path = PROMETHEUS) -> process.CompletedProcess[str]:
    found = shutil.which("promtool")
    if found is None:
        missing = "promtool is not installed: sudo apt-get install prometheus"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return process.run(
        [found, *words], cwd=cwd, capture_output=True, text=True, timeout=110, check=False
    )


def test_promtool_finds_no_fault_with_the_rules_nor_the_configuration() -> None:
    for kind, file in (("rules", RULES.name), ("config", "prometheus.yml")):
        done = promtool("check", kind, file)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"{len(ALERTS)} rules found" in done.stdout


def test_promtool_sees_every_alert_do_what_its_tests_say() -> None:
    done = promtool("test", "rules", TESTS.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


def firing(folder: Path, expected: list[str], *views: AgentView) -> None:
    """Have promtool say which alerts fire for what the agents of a pair really expose."""
    series = []
    for number, view in enumerate(views, 1):
        host = f"10.0.{number}.10"
        target = f'host="{host}",instance="{host}:9712",job="cloudfail",pair="edge"'
        for name, values in exposed(view).items():
            for key, value in values.items():
                inner = "".join(f',{label}="{text}"' for label, text in sorted(key))
                steady = f"{value:f}x20" if "heartbeat" not in name else "0+60x20"
                series.append({"series": f"{name}{{{target}{inner}}}", "values": steady})
    test = {
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": 'group by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": "15m",
                "exp_samples": [
                    {"labels": f'{{alertname="{name}"}}', "value": 1} for name in expected
                ],
            }
        ],
    }
    document = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}
    (folder / "tests.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    done = promtool("test", "rules", "tests.yml", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr


FAULT = Standing(role=Role.FAULT, generation=5)
LONELY = Standing(role=Role.BACKUP, generation=5, evidence_age=900.0)
TWICE = Standing(
    role=Role.MASTER,
    generation=5,
    priority=100,
    peers=(Mastering(address=IPv4Address("10.0.1.10"), priority=150, better=True, age=0.1),),
)
SLOW = ran(at=600.0, phases=Phases(api=20.0))
FREEZE = MaintenanceView(notices=(NoticeView(cloud="azure", id="1", kind="Freeze"),))
BROKEN = Readiness(ready=False, reasons=("no free slot",), age=10.0)


@pytest.mark.parametrize(
    ("expected", "views"),
    [
        ([], (agent(master(last_failover=ran())), agent(backup()))),
        (["CloudfailDoubtful"], (agent(master(standing=DOUBTFUL)), agent(backup()))),
        (
            ["CloudfailDrift", "CloudfailNobodyHolds"],
            (agent(master(claims=claims("nobody", drift=60.0))), agent(backup(claims=()))),
        ),
        (
            ["CloudfailNoStandby", "CloudfailTwoMasters"],
            (agent(master()), agent(master(standing=TWICE))),
        ),
        (["CloudfailNoStandby"], (agent(master()), agent(backup(standing=FAULT)))),
        (
            ["CloudfailNoMaster"],
            (agent(backup(standing=FAULT, claims=())), agent(backup(standing=LONELY, claims=()))),
        ),
        (["CloudfailStandbyNotReady"], (agent(master()), agent(backup(readiness=BROKEN)))),
        (
            ["CloudfailHolderUnknown"],
            (agent(master(claims=claims("unknown"))), agent(backup())),
        ),
        (["CloudfailAlarm"], (agent(master(alarms=("a stranger",))), agent(backup()))),
        (["CloudfailNotHearing"], (agent(master(), is_hearing=False), agent(backup()))),
        (["CloudfailProblem"], (agent(master(), problems=("the port",)), agent(backup()))),
        (["CloudfailMaintenance"], (agent(master()), agent(backup(), maintenance=FREEZE))),
        (
            ["CloudfailMaintenance", "CloudfailMaintenanceOfMaster"],
            (agent(master(), maintenance=FREEZE), agent(backup(), maintenance=MaintenanceView())),
        ),
        (["CloudfailSlowFailover"], (agent(master(last_failover=SLOW)), agent(backup()))),
    ],
    ids=lambda one: ",".join(map(str, one)) or "nothing" if isinstance(one, list) else "",
)
def test_what_the_agents_really_expose_fires_the_right_alerts(
    tmp_path: Path, expected: list[str], views: tuple[AgentView, ...]
) -> None:
    firing(tmp_path, expected, *views)


def test_a_wrong_expectation_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="CloudfailDoubtful"):
        firing(tmp_path, ["CloudfailDoubtful"], agent(master()), agent(backup()))
