"""What `status` shows of what the cloud announces."""

from __future__ import annotations

from cloudfail.agent.view import MaintenanceView, NoticeView
from cloudfail.cli.agent_status import document_of, lines_of
from cloudfail.cli.monitor import Verdict

from agent.metrics.views import agent, backup

FREEZE = NoticeView(
    cloud="azure",
    id="C7061BAC",
    kind="Freeze",
    begins="Mon, 11 Apr 2022 22:26:58 GMT",
    text="it is being paused",
    since=1690000000.0,
    done={"edge": "edge was handed over to 10.0.2.10 in 0.8 s"},
    acknowledged=True,
)


def test_an_announcement_is_a_line_with_what_was_done_about_it() -> None:
    view = agent(backup(), maintenance=MaintenanceView(notices=(FREEZE,)))
    lines = list(lines_of(view, view.instances[0]))
    assert lines.count(
        "maintenance: azure announces Freeze of this node since 2023-07-22T04:26:40.000Z, "
        "not before Mon, 11 Apr 2022 22:26:58 GMT; edge was handed over to 10.0.2.10 in 0.8 s; "
        "acknowledged; it is being paused"
    )


def test_one_that_has_begun_and_nothing_was_done_about() -> None:
    begun = NoticeView(cloud="gcp", id="preempted", kind="preemption", has_begun=True)
    view = agent(backup(), maintenance=MaintenanceView(notices=(begun,)))
    lines = list(lines_of(view, view.instances[0]))
    assert (
        "maintenance: gcp announces preemption of this node since 1970-01-01T00:00:00.000Z; "
        "it has begun"
    ) in lines


def test_without_any_there_is_no_line() -> None:
    for maintenance in (None, MaintenanceView()):
        view = agent(backup(), maintenance=maintenance)
        assert not any("maintenance" in line for line in lines_of(view, view.instances[0]))


def test_the_document_has_it_with_the_agent() -> None:
    view = agent(backup(), maintenance=MaintenanceView(notices=(FREEZE,), handed_over=1))
    found = document_of(view, view.instances[0], Verdict(0, ""), 0)["agent"]["maintenance"]
    assert found["handed_over"] == 1
    assert found["notices"][0]["done"] == {"edge": "edge was handed over to 10.0.2.10 in 0.8 s"}
