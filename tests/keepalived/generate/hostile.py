"""Where a text of cloudfail.toml ends up in a generated file, and texts that would break one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from keepalived.generate.matrix import ADDRESSES, Document

Put = Callable[[Document, str], None]

PIECES = (
    *(
        '"',
        "'",
        "{",
        "}",
        "\n",
        "\r",
        "\r\n",
        "\t",
        "\v",
        "#",
        "!",
        "$",
        "\\",
        "\\n",
        "@",
        " ",
        "`",
    ),
    *(
        "${X}",
        "$A=b",
        "~SEQ(a, 1, 3)",
        "@x ",
        "@^x ",
        "include",
        "include /etc/passwd",
        "%",
        "*",
        "?",
    ),
    *(
        "}\n\nvrrp_instance evil {\n",
        '"\nscript "/bin/sh"',
        "\n- x",
        ": ",
        ", ",
        "[",
        "]",
        "&a",
        ";",
    ),
    *(
        "a",
        "1",
        "/",
        "-",
        ".",
        "..",
        "é",
        "\u2028",
        "\x85",
        "\x7f",
        "\x00",
        "\ufeff",
        "|",
        ">",
        "=",
        "~",
    ),
    *(
        "notify_master /bin/sh",
        "\\x2f",
        "$(id)",
        "<!--",
        "*/",
        "//",
        "\U0001f600",
        "no",
        "null",
        "0x1f",
    ),
)


def rich(secret_file: str) -> Document:
    """Return tables that use every text there is."""
    nodes = [
        {"name": name, "address": ADDRESSES[4].format(number), "priority": number}
        for name, number in (("a", 10), ("b", 11))
    ]
    return {
        "instance": {
            "edge": {
                "provider": "cloud",
                "interface": "eth0",
                "virtual_router_id": 51,
                "node": nodes,
                "claim": [
                    {"kind": "private-ip", "address": "10.0.1.100"},
                    {"kind": "route", "destination": "fd00:99::/64", "tables": ["t"]},
                ],
                "virtual_ipaddress": [
                    "10.0.1.100",
                    {"address": "10.0.1.101", "dev": "eth0", "label": "eth0:1"},
                ],
                "authentication": {"type": "PASS", "secret_file": secret_file},
                "include": "instance.d/edge.conf",
                "track_script": ["check"],
                "track_interface": ["eth1"],
                "track_file": ["brake"],
                "track_process": ["busy"],
                "services": {"master": ["nginx"]},
                "hook": [{"on": "MASTER", "command": ["/bin/true", "x"]}],
            },
            "other": {
                "provider": "cloud",
                "interface": "eth9",
                "virtual_router_id": 52,
                "node": copy.deepcopy(nodes),
            },
        },
        "keepalived": {
            "vrrp_version": 2,
            "script_user": "nobody nogroup",
            "vrrp_notify_fifo": "/run/x.fifo",
            "vrrp_notify_fifo_user": "cloudfail cloudfail",
            "notification_email": ["ops@example.com"],
            "notification_email_from": "edge@example.com",
            "smtp_server": "127.0.0.1 25",
        },
        "vrrp_script": {"check": {"command": ["/bin/echo", "x"], "user": "nobody nogroup"}},
        "track_file": {"brake": {"file": "/run/brake", "weight": 0}},
        "track_process": {"busy": {"process": "haproxy"}},
        "vrrp_sync_group": {"both": {"instances": ["edge", "other"]}},
        "host": {"real_server": ["10.0.1.100"]},
        "agent": {
            "socket": "/run/cloudfail/agent.sock",
            "metrics_listen": "127.0.0.1:9712",
            "metrics_textfile": "/var/lib/node/cloudfail.prom",
            "load_credential": ["aws:/etc/cloudfail/aws"],
        },
    }


def _at(*path: str | int) -> Put:
    def put(tables: Document, text: str) -> None:
        found: Any = tables
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = text

    return put


def _renamed(kind: str, name: str, *references: tuple[str | int, ...]) -> Put:
    def put(tables: Document, text: str) -> None:
        tables[kind] = {text if one == name else one: table for one, table in tables[kind].items()}
        for reference in references:
            _at(*(text if step == name and kind == "instance" else step for step in reference))(
                tables, text
            )

    return put


def _check(name: str) -> Put:
    def put(tables: Document, text: str) -> None:
        tables["vrrp_script"]["check"] = {name: text, "user": "nobody nogroup"}

    return put


def _node(tables: Document, text: str) -> None:
    for instance in tables["instance"].values():
        instance["node"][0]["name"] = text


_EDGE = ("instance", "edge")
SLOTS: Mapping[str, tuple[Put, str]] = {
    "instance": (
        _renamed("instance", "edge", ("vrrp_sync_group", "both", "instances", 0)),
        "edge",
    ),
    "interface": (_at(*_EDGE, "interface"), "eth0"),
    "node": (_node, "a"),
    "node's interface": (_at(*_EDGE, "node", 0, "interface"), "eth0"),
    "router_id": (_at(*_EDGE, "node", 0, "router_id"), "lb-1"),
    "address": (_at(*_EDGE, "node", 1, "address"), "10.0.1.11"),
    "claim": (_at(*_EDGE, "claim", 0, "address"), "10.0.1.100"),
    "virtual address": (_at(*_EDGE, "virtual_ipaddress", 0), "10.0.1.100"),
    "dev": (_at(*_EDGE, "virtual_ipaddress", 1, "dev"), "eth0"),
    "label": (_at(*_EDGE, "virtual_ipaddress", 1, "label"), "eth0:1"),
    "secret_file": (_at(*_EDGE, "authentication", "secret_file"), ""),
    "vrrp_script": (_renamed("vrrp_script", "check", (*_EDGE, "track_script", 0)), "check"),
    "track_file": (_renamed("track_file", "brake", (*_EDGE, "track_file", 0)), "brake"),
    "track_process": (_renamed("track_process", "busy", (*_EDGE, "track_process", 0)), "busy"),
    "track_interface": (_at(*_EDGE, "track_interface", 0), "eth1"),
    "group": (_renamed("vrrp_sync_group", "both"), "both"),
    "unit": (_at(*_EDGE, "services", "master", 0), "nginx"),
    "hook": (_at(*_EDGE, "hook", 0, "command", 1), "x"),
    "program": (_at("vrrp_script", "check", "command", 0), "/bin/echo"),
    "word": (_at("vrrp_script", "check", "command", 1), "x"),
    "user": (_at("vrrp_script", "check", "user"), "nobody nogroup"),
    "tcp": (_check("tcp"), "127.0.0.1:80"),
    "http": (_check("http"), "http://127.0.0.1/health"),
    "process checked": (_check("process"), "nginx"),
    "unit checked": (_check("unit"), "nginx"),
    "file": (_at("track_file", "brake", "file"), "/run/brake"),
    "process": (_at("track_process", "busy", "process"), "haproxy"),
    "directory": (_at("keepalived", "directory"), "/etc/keepalived"),
    "include": (_at("keepalived", "include"), "conf.d/*.conf"),
    "own include": (_at(*_EDGE, "include"), "instance.d/edge.conf"),
    "command": (_at("keepalived", "command"), "/usr/local/bin/cloudfail"),
    "script_user": (_at("keepalived", "script_user"), "nobody nogroup"),
    "fifo": (_at("keepalived", "vrrp_notify_fifo"), "/run/x.fifo"),
    "fifo's user": (_at("keepalived", "vrrp_notify_fifo_user"), "cloudfail cloudfail"),
    "email": (_at("keepalived", "notification_email", 0), "ops@example.com"),
    "sender": (_at("keepalived", "notification_email_from"), "edge@example.com"),
    "smtp_server": (_at("keepalived", "smtp_server"), "127.0.0.1 25"),
    "socket": (_at("agent", "socket"), "/run/cloudfail/agent.sock"),
    "metrics": (_at("agent", "metrics_listen"), "127.0.0.1:9712"),
    "metrics' file": (_at("agent", "metrics_textfile"), "/var/lib/node/cloudfail.prom"),
    "credential": (_at("agent", "load_credential", 0), "aws:/etc/cloudfail/aws"),
    "real server": (_at("host", "real_server", 0), "10.0.1.100"),
}
