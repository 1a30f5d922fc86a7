"""Every key of keepalived's side of cloudfail.toml, with the values that matter, as parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from keepalived.generate.pairs import Pair

Patch = Mapping[str, Any]  # by dotted key

_SCRIPTS: Mapping[str, Patch] = {
    "tcp": {"tcp": "127.0.0.1:80"},
    "tcp6": {"tcp": "[::1]:80"},
    "http": {"http": "http://127.0.0.1:8080/health?a=b&c=d"},
    "process": {"process": "nginx"},
    "unit": {"unit": "nginx.service"},
    "command": {"command": ["/usr/bin/echo", "-n", "two words", "#no", "{brace}", "!x;y|z", "a=b"]},
}


def _instance(**values: Any) -> Patch:
    return {f"instance.edge.{name}": value for name, value in values.items()}


def _keepalived(**values: Any) -> Patch:
    return {f"keepalived.{name}": value for name, value in values.items()}


def _flag(table: str, name: str) -> Mapping[str, Patch]:
    return {"default": {}, "true": {f"{table}.{name}": True}, "false": {f"{table}.{name}": False}}


def _tracked(kind: str, name: str) -> Mapping[str, Patch]:
    return {
        "none": {},
        "name": _instance(**{kind: [name]}),
        "weight": _instance(**{kind: [{"name": name, "weight": -20}]}),
        "reverse": _instance(**{kind: [{"name": name, "weight": 20, "reverse": True}]}),
    }


def _script(**values: Any) -> Patch:
    return {f"vrrp_script.check.{name}": value for name, value in values.items()}


LEVELS: Mapping[str, Mapping[str, Patch]] = {
    "directory": {"default": {}, "other": _keepalived(directory="/mnt/keepalived")},
    "include": {
        "default": {},
        "none": _keepalived(include=""),
        "other": _keepalived(include="more/site-*.inc"),
    },
    "file_per_instance": _flag("keepalived", "file_per_instance"),
    "command": {"default": {}, "other": _keepalived(command="/opt/cloudfail/bin/cloudfail")},
    "vrrp_version": {"default": {}, "2": _keepalived(vrrp_version=2)},
    "enable_script_security": _flag("keepalived", "enable_script_security"),
    "script_user": {
        "default": {},
        "user": _keepalived(script_user="nobody"),
        "group": _keepalived(script_user="nobody nogroup"),
    },
    "vrrp_check_unicast_src": _flag("keepalived", "vrrp_check_unicast_src"),
    "vrrp_higher_prio_send_advert": _flag("keepalived", "vrrp_higher_prio_send_advert"),
    "vrrp_min_garp": _flag("keepalived", "vrrp_min_garp"),
    "vrrp_startup_delay": {
        "default": {},
        "3600": _keepalived(vrrp_startup_delay=3600),
        "tiny": _keepalived(vrrp_startup_delay=0.001),
        "2.5": _keepalived(vrrp_startup_delay=2.5),
    },
    "fifo": {
        "none": {},
        "default": _keepalived(vrrp_notify_fifo="/run/cloudfail/vrrp.fifo"),
        "user": _keepalived(vrrp_notify_fifo="/run/x.fifo", vrrp_notify_fifo_user="nobody"),
    },
    "email": {
        "none": {},
        "one": _keepalived(notification_email=["ops+a@example.com"]),
        "two": _keepalived(
            notification_email=["a@example.com", "b.c=d%e@example.com"],
            notification_email_from="keepalived@example.com",
        ),
    },
    "smtp_server": {
        "none": {},
        "address": _keepalived(smtp_server="127.0.0.1"),
        "port": _keepalived(smtp_server="::1 2525"),
    },
    "smtp_connect_timeout": {
        "none": {},
        "1": _keepalived(smtp_connect_timeout=1),
        "3600": _keepalived(smtp_connect_timeout=3600),
    },
    "family": {"4": {}, "6": {}},
    "nodes": {"2": {}, "3": {}, "5": {}},
    "node": {"plain": {}, "router_id": {}, "interface": {}},
    "state": {"default": {}, "MASTER": _instance(state="MASTER")},
    "preemption": {
        "default": {},
        "nopreempt": _instance(nopreempt=True),
        "preempt": _instance(nopreempt=False),
        "delay 0": _instance(preempt_delay=0),
        "delay": _instance(preempt_delay=2.5),
        "tiny delay": _instance(preempt_delay=0.00001),
        "long delay": _instance(nopreempt=False, preempt_delay=1000),
    },
    "advert_int": {
        "default": {},
        "0.01": _instance(advert_int=0.01),
        "0.29": _instance(advert_int=0.29),
        "40": _instance(advert_int=40),
    },
    "unicast_ttl": {"none": {}, "0": _instance(unicast_ttl=0), "255": _instance(unicast_ttl=255)},
    "unicast_fault_no_peer": _flag("instance.edge", "unicast_fault_no_peer"),
    "vmac": {
        "default": {},
        "on": _instance(use_vmac=True, vmac_xmit_base=True),
        "off": _instance(use_vmac=False),
        "both off": _instance(use_vmac=False, vmac_xmit_base=False),
    },
    "smtp_alert": _flag("instance.edge", "smtp_alert"),
    "own include": {"none": {}, "some": _instance(include="instance.d/edge*.conf")},
    "claims": {
        "private 4": _instance(claim=[{"kind": "private-ip", "address": "10.0.1.100"}]),
        "private 6": _instance(claim=[{"kind": "private-ip", "address": "FD00::0:1:0:0:64"}]),
        "mapped": _instance(claim=[{"kind": "private-ip", "address": "::ffff:10.0.1.100"}]),
        "public": _instance(claim=[{"kind": "public-ip", "address": "203.0.113.7"}]),
        "on private": _instance(
            claim=[
                {
                    "kind": "public-ip",
                    "address": "203.0.113.7",
                    "private_address": "10.0.1.100",
                }
            ]
        ),
        "route": _instance(
            claim=[{"kind": "route", "destination": "10.99.0.0/16", "tables": ["t"]}]
        ),
        "host route": _instance(
            claim=[{"kind": "route", "destination": "fd00:99::7/128", "tables": ["t", "u"]}]
        ),
        "none": {},
    },
    "virtual_ipaddress": {
        "default": {},
        "none": _instance(virtual_ipaddress=[]),
        "4": _instance(virtual_ipaddress=["10.0.1.101", "10.0.1.102/32"]),
        "6": _instance(virtual_ipaddress=["fd00::1:65", "FD00:0::1:66/128"]),
        "mixed": _instance(virtual_ipaddress=["10.0.1.101", "fd00::1:65", "::ffff:10.0.1.103"]),
        "tables": _instance(
            virtual_ipaddress=[
                {"address": "10.0.1.101", "dev": "lo", "label": "lo:vip"},
                {"address": "fd00::1:65", "dev": "eth1"},
                {"address": "10.0.1.102", "label": "eth0:1"},
            ]
        ),
    },
    "virtual_ipaddress_excluded": {
        "none": {},
        "4": _instance(virtual_ipaddress_excluded=["10.0.2.1"]),
        "mixed": _instance(virtual_ipaddress_excluded=["fd00::2:1", {"address": "10.0.2.2"}]),
    },
    "authentication": {
        "default": {},
        "none": _instance(authentication={"type": "none"}),
        "PASS": _instance(authentication={"type": "PASS", "secret_file": "SECRET"}),
        "AH": _instance(authentication={"type": "AH", "secret_file": "SECRET"}),
        "hmac": _instance(authentication={"type": "hmac", "secret_file": "SECRET"}),
    },
    "script": {
        name: {f"vrrp_script.check.{k}": v for k, v in patch.items()}
        for name, patch in _SCRIPTS.items()
    },
    "script timing": {
        "default": {},
        "slow": _script(interval=3600, timeout=3600, fall=255, rise=255),
        "fast": _script(interval=1, timeout=1, fall=1, rise=1),
    },
    "script weight": {
        "default": {},
        "0": _script(weight=0),
        "-253": _script(weight=-253),
        "253": _script(weight=253),
    },
    "script user": {
        "default": {},
        "user": _script(user="nobody"),
        "group": _script(user="root nogroup"),
    },
    "init_fail": _flag("vrrp_script.check", "init_fail"),
    "track_script": _tracked("track_script", "check"),
    "track_interface": _tracked("track_interface", "eth1"),
    "track_file": _tracked("track_file", "brake"),
    "file weight": {
        "default": {},
        "0": {"track_file.brake.weight": 0},
        "254": {"track_file.brake.weight": 254},
        "-254": {"track_file.brake.weight": -254},
    },
    "init_file": {
        "none": {},
        "0": {"track_file.brake.init_file": 0},
        "-254": {"track_file.brake.init_file": -254},
    },
    "track_process": _tracked("track_process", "busy"),
    "process": {
        "default": {},
        "weight": {"track_process.busy.weight": -10},
        "quorum": {"track_process.busy.quorum": 65535, "track_process.busy.delay": 0.5},
        "tiny": {"track_process.busy.delay": 0.000001},
    },
    "second": {"none": {}, "same router": {}, "grouped": {}, "group mails": {}},
    "services": {
        "none": {},
        "some": _instance(services={"master": ["nginx", "php8.2-fpm", "a@b.timer"], "timeout": 5}),
    },
    "hook": {
        "none": {},
        "some": _instance(
            hook=[{"on": "MASTER", "command": ["/bin/true", "$x \"'#"], "timeout": 1}]
        ),
    },
    "ip_nonlocal_bind": _flag("host", "ip_nonlocal_bind"),
    "ip_forward": _flag("host", "ip_forward"),
    "agent": {
        "default": {},
        "off": {"agent.enabled": False},
        "all": {
            "agent.socket": "/var/lib/cloudfail/agent.sock",
            "agent.metrics_listen": "[::1]:443",
            "agent.metrics_textfile": "/var/lib/prometheus/node-exporter/cloudfail.prom",
            "agent.load_credential": ["aws:/etc/cloudfail/aws", "b:/etc/cloudfail/b"],
        },
    },
    "responder": {
        "none": {},
        "some": _instance(
            responder=[
                {"port": 80, "protocol": "http", "path": "/master"},
                {"port": 8080, "address": "10.0.1.10"},
            ]
        ),
    },
    "real_server": {
        "none": {},
        "4": {"host.real_server": ["10.0.1.100"]},
        "6": {"host.real_server": ["10.0.1.100", "fd00::1:64"], "host.network": "ifupdown"},
    },
}


def _not(one: str, values: Sequence[str], other: str, others: Sequence[str]) -> set[Pair]:
    return {((one, a), (other, b)) for a, b in product(values, others)}


GROUPED = ("grouped", "group mails")
_WEIGHTED = ("weight", "reverse")
NEVER: frozenset[Pair] = frozenset(
    _not("file_per_instance", ["true"], "include", ["none"])
    | _not("vrrp_version", ["default"], "authentication", ["PASS", "AH"])
    | _not("vrrp_version", ["2"], "advert_int", ["0.01", "0.29"])
    | _not("authentication", ["PASS", "AH"], "advert_int", ["0.01", "0.29"])
    | _not("authentication", ["PASS", "AH"], "family", ["6"])
    | _not("authentication", ["AH"], "state", ["MASTER"])
    | _not("state", ["MASTER"], "preemption",
           ["nopreempt", "delay", "tiny delay", "long delay"])
    | _not("preemption", ["nopreempt"], "script weight", ["-253", "253"])
    | _not("preemption", ["nopreempt"], "process", ["weight"])
    | {
        pair
        for kind in ("script", "interface", "process")
        for pair in _not("preemption", ["nopreempt"], f"track_{kind}", _WEIGHTED)
    }
    | _not("init_fail", ["true"], "script weight", ["-253", "253"])
    | _not("second", GROUPED, "script weight", ["-253", "253"])
    | _not("second", GROUPED, "file weight", ["default", "254", "-254"])
    | _not("second", GROUPED, "process", ["weight"])
    | {pair for kind in ("script", "interface", "file", "process")
       for pair in _not("second", GROUPED, f"track_{kind}", _WEIGHTED)}
)  # fmt: skip
