"""The reference page of the agent's unit: each line of it, and what it is there for."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

from cloudfail.config import Config, ConfiguredNode, Instance
from cloudfail.config.agent.model import AgentSettings, LoadedCredential, Responder
from cloudfail.config.agent.paths import UNIT
from cloudfail.keepalived.generate.agent import UNIT_FILE, agent_unit
from cloudfail.keepalived.generate.host import host_files
from cloudfail.keepalived.generate.site import Member, Site
from cloudfail.keepalived.version import OLDEST

_REASONS = {
    "Description": "what `systemctl status` is headed with",
    "StartLimitIntervalSec": "started again for as long as it takes, however often it ended",
    "Type": "started is: the FIFO is read and the wire heard; no SDK is imported by then, and no cloud was asked",
    "ExecStart": "`[keepalived] command`: the same program that keepalived's scripts run",
    "ExecReload": "`systemctl reload` and `cloudfail reload`: the new configuration when it is good, else the old one",
    "ExecStopPost": "whatever ended it, and also where it cannot start again: a handover that was under way does not keep this node in FAULT",
    "User": "never root: made by sysusers.d",
    "Group": "may read its socket: `usermod -aG cloudfail NAME` lets a person ask for the status",
    "Restart": "whatever it ended with",
    "RestartSec": "at once; an agent that cannot start (a bad configuration, a FIFO that somebody else reads) ends after two seconds, and `systemctl status` says why",
    "WatchdogSec": "the agent's loop reports thrice in this time; one that hangs is ended, and started again",
    "TimeoutStartSec": "a machine that is very busy",
    "TimeoutStopSec": "it ends at a safe point within a second; nothing is released",
    "OOMScoreAdjust": "other processes are killed first where memory runs out",
    "RuntimeDirectory": "`/run/cloudfail`: FIFO, socket, roles, handover files",
    "RuntimeDirectoryPreserve": "keepalived goes on writing into the FIFO while the agent is down",
    "StateDirectory": "`/var/lib/cloudfail`: pauses, and the journal at its usual place",
    "UMask": "others may read what it writes; the socket and the FIFO have modes of their own",
    "LoadCredential": "`[agent] load_credential`: a file that only root may read, as a copy for this unit",
    "AmbientCapabilities": "`CAP_NET_RAW` to hear adverts; `CAP_NET_BIND_SERVICE` only where a responder or the metrics have a port below 1024",
    "CapabilityBoundingSet": "these and no others, for whatever it starts too",
    "NoNewPrivileges": "sudo, and programs with the set-uid bit, do nothing in a hook",
    "ProtectSystem": "everything is read-only but its own directories",
    "ReadWritePaths": "where the configuration puts the journal, the FIFO or the metrics' file elsewhere",
    "ProtectHome": "`/home`, `/root` and `/run/user` are empty to it: cloudfail cannot be installed there",
    "PrivateTmp": "a `/tmp` of its own",
    "PrivateDevices": "no disk, no console",
    "ProtectClock": "cannot set the clock",
    "ProtectControlGroups": "cannot change control groups",
    "ProtectHostname": "cannot rename the machine",
    "ProtectKernelLogs": "no kernel log",
    "ProtectKernelModules": "loads no module",
    "ProtectKernelTunables": "changes nothing beneath `/proc/sys` and `/sys`",
    "LockPersonality": "no other execution domain",
    "RestrictNamespaces": "makes no namespaces",
    "RestrictRealtime": "does not push itself before VRRP",
    "RestrictSUIDSGID": "makes no set-uid file",
    "SystemCallArchitectures": "only the machine's own",
    "SystemCallErrorNumber": "a call that is refused is an error, not the end",
    "SystemCallFilter": "what a service usually needs",
    "RestrictAddressFamilies": "the API, its own socket, adverts (AF_PACKET), the machine's addresses (AF_NETLINK)",
}  # fmt: skip
_INTRODUCTION = f"""\
`cloudfail generate` writes it to `{UNIT_FILE}`, for every node of a configuration that does not say
`[agent] enabled = false`. How to run it: [run the agent](../how-to/run-the-agent.md).

To change it, add a drop-in (`systemctl edit cloudfail-agent`); the file itself is written anew by each
`generate --install`. As it is with the defaults, but for the lines that are marked:"""
_AROUND = """\
## Beside it

| file | what of it is the agent's |
|---|---|
| `/etc/systemd/system/keepalived.service.d/cloudfail.conf` | `Wants={unit}`: whoever starts keepalived starts the agent. There is no order between them, and the agent's end is not keepalived's. The unit has no `[Install]` section: it is not enabled by itself |
| `/etc/tmpfiles.d/cloudfail.conf` | `/run/cloudfail`, the FIFO (mode 0600, of `[keepalived] vrrp_notify_fifo_user`) and a handover file an instance, before both start |
| `/etc/sysusers.d/cloudfail.conf` | the user and group `cloudfail` |
| `/etc/polkit-1/rules.d/60-cloudfail.rules` | with services that follow the role: their start and stop, and nothing else |
| `keepalived.conf` | `vrrp_notify_fifo`, and a `track_file` an instance, with which `cloudfail handover` gives it away |

The drop-in of keepalived:
"""


def agent_page(note: str) -> str:
    """Return the page. Raises KeyError for a line of the unit that nobody has explained here."""
    plain, full = agent_unit(_site()), agent_unit(_site(full=True))
    lines = ["# The agent's unit", "", note, "", *_INTRODUCTION.splitlines(), ""]
    lines += ["| line | why |", "|---|---|"]
    lines += [_row(line, is_usual=line in plain.splitlines()) for line in _settings(full)]
    drop_in = next(text for path, text in host_files(_site()).items() if "keepalived" in path)
    lines += ["", *_AROUND.format(unit=UNIT).splitlines(), ""]
    return "\n".join([*lines, "```ini", *drop_in.splitlines(), "```"]) + "\n"


def _settings(unit: str) -> list[str]:
    return [line for line in unit.splitlines() if line[:1] not in ("", "#", "[")]


def _row(line: str, *, is_usual: bool) -> str:
    mark = "" if is_usual else " (where the configuration asks for it)"
    return f"| `{line}`{mark} | {_REASONS[line.partition('=')[0]]} |"


def _site(*, full: bool = False) -> Site:
    """A node; `full`: every line that the unit can have."""
    node = ConfiguredNode(name="a", address=IPv4Address("10.0.1.10"), priority=150)
    responders = (Responder(port=80),) if full else ()
    instance = Instance(name="edge", provider="aws", nodes=(node,), responders=responders)
    agent = AgentSettings(
        metrics_textfile=Path("/var/lib/prometheus/node-exporter/cloudfail.prom"),
        load_credential=(LoadedCredential("aws-keys", Path("/etc/cloudfail/aws-keys")),),
    )
    config = Config(instances={"edge": instance}, agent=agent if full else AgentSettings())
    member = Member(instance=instance, node=node, device=instance.device_of(node))
    return Site(name="a", config=config, members=(member,), version=OLDEST)
