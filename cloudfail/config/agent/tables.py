"""The agent's side of cloudfail.toml as it is written: names, types, bounds, descriptions."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

DEFAULT_SOCKET = "/run/cloudfail/agent.sock"
# Free in the Prometheus wiki of default ports; keepalived's own exporters have 9165 and 9650.
DEFAULT_METRICS = "127.0.0.1:9712"
DEFAULT_FIFO = "/run/cloudfail/vrrp.fifo"


class AgentTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The resident process that hears keepalived, and acts without starting another one."""

    enabled: Annotated[
        bool,
        Meta(description="`generate` writes its systemd unit, and keepalived's FIFO for it."),
    ] = True
    socket: Annotated[
        str, Meta(min_length=1, description="Where `promote`, `status`, ... talk to it; absolute.")
    ] = DEFAULT_SOCKET
    standby_interval: Annotated[
        float, Meta(ge=0.2, le=3600, description="Seconds between two looks while BACKUP.")
    ] = 10.0
    reconcile_interval: Annotated[
        float, Meta(ge=0.2, le=3600, description="Seconds between two looks while MASTER.")
    ] = 5.0
    notices: Annotated[
        bool,
        Meta(
            description="Hand over before the cloud interrupts this node, where it announces that: planned "
            "maintenance, preemption. The cloud may begin at once then."
        ),
    ] = False
    metrics_listen: Annotated[
        str,
        Meta(
            description="Where Prometheus, `/healthz` and `/readyz` are answered; empty: nowhere.",
            examples=["127.0.0.1:9712", "[::1]:9712"],
        ),
    ] = DEFAULT_METRICS
    metrics_textfile: Annotated[
        str,
        Meta(
            description="The metrics as a file too, for node_exporter; empty: none.",
            examples=["/var/lib/prometheus/node-exporter/cloudfail.prom"],
        ),
    ] = ""
    log_format: Annotated[
        Literal["logfmt", "json"], Meta(description="How each fact is written in the log.")
    ] = "logfmt"
    log_target: Annotated[
        Literal["auto", "stderr", "syslog"],
        Meta(
            description="auto: standard error under systemd, on a terminal, and where there is no "
            "/dev/log; else syslog."
        ),
    ] = "auto"
    load_credential: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(
            description="Files that only root may read, as systemd's LoadCredential= takes them: "
            "NAME:PATH. With the file's own name, `credentials_file` finds the agent's copy.",
            examples=[["aws-credentials:/etc/cloudfail/aws-credentials"]],
        ),
    ] = ()


class ResponderTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A port that answers only on the master, for the health check of a cloud load balancer."""

    port: Annotated[int, Meta(ge=1, le=65535, description="The port.")]
    protocol: Annotated[
        Literal["tcp", "http"],
        Meta(description="tcp: the connection is accepted; http: GET answers 200, else 503."),
    ] = "tcp"
    address: Annotated[
        str,
        Meta(
            description="Where it listens; default: every address, IPv4 and IPv6.",
            examples=["10.0.1.10"],
        ),
    ] = ""
    path: Annotated[
        str, Meta(description="http: the path that is asked for; any other gets 404.")
    ] = "/"
