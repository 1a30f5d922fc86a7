"""What Prometheus reads is what the agent shows."""

from __future__ import annotations

import pytest
from cloudfail.agent.metrics import exposition
from cloudfail.agent.metrics.catalogue import ALL, BUCKETS, BY_NAME, IDENTITY
from cloudfail.agent.metrics.counting import Counting
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import MaintenanceView, NoticeView, Phases, Readiness
from cloudfail.role import Role
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from agent.metrics.reading import exposed, openmetrics_names, parse, value
from agent.metrics.views import (
    ADDRESS,
    BACKUP,
    DOUBTFUL,
    MASTER,
    ROUTE,
    agent,
    backup,
    call,
    claims,
    master,
    ran,
)

EDGE = {"iname": "edge", "vrid": "51"}
FREEZE = NoticeView(cloud="azure", id="1", kind="Freeze")


def busy_counting() -> Counting:
    counting = Counting()
    counting.called("edge", call())
    counting.ran("edge", ran())
    counting.changed("edge", BACKUP, MASTER)
    counting.noted("start")
    return counting


def everything() -> bytes:
    instance = backup(last_failover=ran(), last_run=ran())
    maintenance = MaintenanceView(notices=(FREEZE,), handed_over=2, failed=1)
    view = agent(instance, maintenance=maintenance)
    return exposition.text(lambda: view, busy_counting())


def test_every_metric_of_the_catalogue_is_exposed_with_its_kind_and_labels() -> None:
    families = list(text_string_to_metric_families(everything().decode()))
    found = {}
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = set().union(*(sample.labels for sample in family.samples)) - {"le"}
        found[name] = (family.type, labels, family.documentation)
    assert found == {one.name: (one.kind, set(one.labels), one.help) for one in ALL}


def test_names_and_labels_are_as_prometheus_wants_them() -> None:
    assert len(BY_NAME) == len(ALL)
    for metric in ALL:
        assert metric.name.startswith("cloudfail_")
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        assert metric.labels[:2] == IDENTITY or not set(IDENTITY) & set(metric.labels)
        assert metric.help.endswith(".")


def test_what_is_announced_is_counted_and_absent_where_nobody_asks() -> None:
    samples = parse(everything())
    assert value(samples, "cloudfail_maintenance_announced") == 1
    assert value(samples, "cloudfail_maintenance_handovers_total", result="ok") == 2
    assert value(samples, "cloudfail_maintenance_handovers_total", result="failed") == 1
    samples = exposed(agent(backup(), maintenance=MaintenanceView()))
    assert value(samples, "cloudfail_maintenance_announced") == 0
    assert value(samples, "cloudfail_maintenance_handovers_total", result="failed") == 0
    assert "cloudfail_maintenance_announced" not in exposed(agent(backup()))


def test_the_state_is_one_and_all_other_states_are_nought() -> None:
    samples = exposed(agent(master()))
    roles = {dict(key)["state"]: one for key, one in samples["cloudfail_role"].items()}
    assert roles == {"MASTER": 1, "BACKUP": 0, "FAULT": 0, "STOP": 0, "unknown": 0}
    assert value(samples, "cloudfail_doubtful", **EDGE) == 0


def test_a_doubtful_master_is_still_told_to_be_master_by_keepalived() -> None:
    samples = exposed(agent(master(standing=DOUBTFUL)))
    assert value(samples, "cloudfail_role", state="MASTER") == 1
    assert value(samples, "cloudfail_doubtful") == 1


def test_before_anything_was_heard_the_state_is_unknown_and_the_rest_absent() -> None:
    instance = master(standing=Standing(), claims=(), last_event=None)
    samples = exposed(agent(instance))
    assert value(samples, "cloudfail_role", state="unknown") == 1
    for name in ("evidence_age_seconds", "last_event_timestamp_seconds", "standby_ready",
                 "plan_age_seconds", "claim_holding", "last_failover_timestamp_seconds"):  # fmt: skip
        assert f"cloudfail_{name}" not in samples


def test_the_holder_of_each_claim_is_one_of_five() -> None:
    mine, theirs = claims()[0], claims("peer", drift=7.5)[1]
    samples = exposed(agent(master(claims=(mine, theirs))))
    holding = {
        (dict(key)["claim"], dict(key)["owner"])
        for key, one in samples["cloudfail_claim_holding"].items()
        if one == 1
    }
    assert holding == {(ADDRESS, "mine"), (ROUTE, "peer")}
    assert len(samples["cloudfail_claim_holding"]) == 10
    assert value(samples, "cloudfail_drift_seconds", claim=ROUTE) == 7.5
    assert value(samples, "cloudfail_drift_seconds", claim=ADDRESS) == 0


def test_a_name_that_quotes_and_breaks_lines_stays_one_label() -> None:
    name = 'ed"ge\\\n{x}'
    samples = exposed(agent(master(name=name)))
    assert value(samples, "cloudfail_generation", iname=name) == 3


@given(name=st.text(st.characters(), min_size=1), code=st.text(st.characters()))
def test_whatever_a_file_or_a_cloud_writes_can_be_read_again(name: str, code: str) -> None:
    counting = Counting()
    counting.called(name, call(status=400, code=code))
    samples = exposed(agent(master(name=name)), counting)
    seen = name.encode("utf-8", "replace").decode()
    assert value(samples, "cloudfail_generation", iname=seen) == 3
    wanted = (code or "400").encode("utf-8", "replace").decode()
    assert value(samples, "cloudfail_api_calls_total", iname=seen, code=wanted) == 1


def test_half_a_surrogate_pair_spoils_nothing() -> None:
    samples = exposed(agent(master(name="a\ud800b")))
    assert value(samples, "cloudfail_generation", iname="a?b") == 3


def test_an_instance_without_an_id_has_an_empty_label() -> None:
    samples = exposed(agent(master(virtual_router_id=None)))
    # An empty label is no label (Prometheus's data model): prometheus-client writes it anyway.
    assert value(samples, "cloudfail_generation", iname="edge", vrid="") == 3


def test_a_standby_that_would_not_take_over_is_seen() -> None:
    broken = backup(readiness=Readiness(ready=False, reasons=("no slot",), age=4.0))
    samples = exposed(agent(broken))
    assert value(samples, "cloudfail_standby_ready", **EDGE) == 0
    assert value(samples, "cloudfail_standby_ready_age_seconds", **EDGE) == 4


def test_pauses_alarms_and_problems_are_counted() -> None:
    instance = master(paused="root: maintenance", alarms=("a", "b"), busy=True)
    samples = exposed(agent(instance, problems=("p",), is_hearing=False))
    assert value(samples, "cloudfail_paused", **EDGE) == 1
    assert value(samples, "cloudfail_alarms", **EDGE) == 2
    assert value(samples, "cloudfail_busy", **EDGE) == 1
    assert value(samples, "cloudfail_problems") == 1
    assert value(samples, "cloudfail_hearing") == 0


def test_what_never_happened_is_nought_so_that_its_first_time_is_an_increase() -> None:
    samples = exposed(agent(master()))
    assert value(samples, "cloudfail_promotions_total", result="failed", why="event") == 0
    assert value(samples, "cloudfail_role_changes_total", state="MASTER") == 0
    assert value(samples, "cloudfail_api_throttles_total", **EDGE) == 0
    assert value(samples, "cloudfail_doubts_total", **EDGE) == 0
    assert len(samples["cloudfail_promotions_total"]) == 20


def test_runs_are_counted_by_result_and_their_phases_fall_into_buckets() -> None:
    counting = Counting()
    counting.ran("edge", ran(phases=Phases(queue=0.001, api=0.2, verify=0.04)))
    counting.ran("edge", ran(phases=Phases(queue=0.02, api=700.0)))
    counting.ran("edge", ran("failed", phases=Phases(api=3.0)))
    counting.ran("edge", ran("ok", why="repair", phases=Phases(queue=-1.0)))
    samples = exposed(agent(master()), counting)
    assert value(samples, "cloudfail_promotions_total", result="ok", why="event") == 2
    assert value(samples, "cloudfail_promotions_total", result="ok", why="repair") == 1
    assert value(samples, "cloudfail_promotions_total", result="failed", why="event") == 1
    name = "cloudfail_promotion_duration_seconds"
    assert value(samples, f"{name}_count", phase="api") == 3
    assert value(samples, f"{name}_bucket", phase="api", le="0.1") == 1
    assert value(samples, f"{name}_bucket", phase="api", le="0.25") == 2
    assert value(samples, f"{name}_bucket", phase="api", le="600.0") == 2
    assert value(samples, f"{name}_bucket", phase="api", le="+Inf") == 3
    assert value(samples, f"{name}_sum", phase="queue") == pytest.approx(0.021)
    assert len(samples[f"{name}_bucket"]) == 5 * (len(BUCKETS) + 1)


def test_the_newest_failover_shows_where_its_time_went() -> None:
    samples = exposed(agent(master(last_failover=ran())))
    name = "cloudfail_last_failover_duration_seconds"
    assert value(samples, name, phase="api") == 0.2
    assert value(samples, name, phase="total") == pytest.approx(0.241)
    assert value(samples, "cloudfail_last_failover_timestamp_seconds", result="ok") == 1700000001


def test_two_instances_of_one_name_each_have_their_own_counts() -> None:
    counting = Counting()
    counting.called("edge", call())
    counting.called("core", call(status=0))
    samples = exposed(agent(master(), backup(name="core", virtual_router_id=52)), counting)
    edge = {"iname": "edge", "vrid": "51", "operation": "AssociateAddress", "code": "200"}
    core = {"iname": "core", "vrid": "52", "operation": "AssociateAddress", "code": "none"}
    assert samples["cloudfail_api_calls_total"] == {
        frozenset(edge.items()): 1,
        frozenset(core.items()): 1,
    }


def test_an_instance_that_a_reload_took_away_is_no_longer_shown() -> None:
    counting = Counting()
    counting.ran("gone", ran())
    counting.called("gone", call())
    assert b"gone" not in exposition.text(lambda: agent(master()), counting)


def test_openmetrics_is_given_to_those_who_ask_for_it() -> None:
    accept = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    body, content_type = exposition.page(lambda: agent(backup()), busy_counting(), accept)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    names = openmetrics_names(body)
    assert {"cloudfail_role", "cloudfail_promotions", "process_resident_memory_bytes"} <= names


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html", "text/plain; version=0.0.4", "\xff;;=,"]
)
def test_the_text_format_is_given_to_all_others(accept: str) -> None:
    body, content_type = exposition.page(lambda: agent(backup()), busy_counting(), accept)
    assert content_type.startswith("text/plain; version=")
    samples = parse(body)
    assert value(samples, "cloudfail_up") == 1
    assert (value(samples, "process_resident_memory_bytes") or 0) > 1e6


def test_the_file_leaves_the_names_alone_that_node_exporter_has() -> None:
    text = everything()
    assert {name.split("_")[0] for name in parse(text)} == {"cloudfail"}


def test_what_a_stopped_agent_leaves_says_so_and_no_more() -> None:
    samples = parse(exposition.text(None, busy_counting()))
    assert set(samples) == {
        "cloudfail_up",
        "cloudfail_build_info",
        "cloudfail_heartbeat_timestamp_seconds",
    }
    assert value(samples, "cloudfail_up") == 0


def test_all_roles_have_a_state_of_their_own() -> None:
    for role in Role:
        samples = exposed(agent(master(standing=Standing(role=role))))
        assert value(samples, "cloudfail_role", state=role.value) == 1
