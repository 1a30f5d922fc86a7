"""The reference page of the agent's metrics."""

from __future__ import annotations

from cloudfail.agent.metrics.catalogue import ALL, BUCKETS, Metric

_INTRODUCTION = """\
`cloudfail agent` answers at `/metrics` on `[agent] metrics_listen` (default 127.0.0.1:9712), in
Prometheus's text format or in OpenMetrics, as the reader asks. `[agent] metrics_textfile` names a
file with the same metrics for node_exporter's textfile collector: it is replaced as a whole, every
15 seconds and within a second of a change, with mode 0644. An agent that is stopped leaves
`cloudfail_up 0` in it; one that was killed leaves a `cloudfail_heartbeat_timestamp_seconds` that
stands still.

Names and labels are API. `iname` and `vrid` are those of mehdy/keepalived-exporter, so that
`on (iname, vrid)` joins both where one machine is looked at; gen2brain/keepalived_exporter writes
`name` for `iname`. Across machines a label for the host belongs into the join: `examples/prometheus`
has the scrape configuration that adds it, alert rules, and tests of them; `examples/grafana` has a
dashboard.

What never happened is counted 0. What is not known is absent, which `absent()` finds. Counters begin
anew with each start of the agent. At most 200 values of a label that the cloud chooses are kept for
an instance; all further ones count as `other`.""".splitlines()

_HEALTH = """\
## Health

| path | 200 | 503 |
|---|---|---|
| `/healthz` | the agent's loop runs, the FIFO is read, and the wire is heard | one line a problem |
| `/readyz` | each instance is MASTER without doubt and holds every claim, or is BACKUP and was found to be ready | one line for what is missing |

Who gets no answer within three seconds has found an agent that hangs. A paused instance is not
ready, nor is one in FAULT or STOP, nor one whose role is not known yet.

One request is answered a connection, GET or HEAD. A request has to arrive within a second. 64
connections are served at once; with one more, the oldest that has not asked yet is dropped. A port
that is taken is tried again every five seconds; the log and `cloudfail status` say so meanwhile.""".splitlines()


def metrics_page(note: str) -> str:
    """Return the page, in the order of the catalogue."""
    lines = ["# Metrics", "", note, "", *_INTRODUCTION, ""]
    lines += ["| metric | kind | labels | |", "|---|---|---|---|"]
    lines += [_row(metric) for metric in ALL]
    bounds = ", ".join(f"{bound:g}" for bound in BUCKETS)
    lines += ["", f"The histogram's buckets end at {bounds} seconds."]
    lines += ["`process_*` (memory, CPU time, open files of the agent) is at `/metrics` only.", ""]
    return "\n".join([*lines, *_HEALTH]).rstrip() + "\n"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"
