"""Words that follow a keyword: missing, out of range, or without the effect that they promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.rules.keywords import lines_of
from cloudfail.keepalived.lint.view import number_of, seconds_of
from cloudfail.keepalived.syntax.values import OFF, ON
from cloudfail.keepalived.version import Version

_BOOLS = ON | OFF
# Measured with 2.2.7: without a word after it, each of them ends keepalived.
NEEDS_WORD = frozenset(
    {
        *("priority", "virtual_router_id", "advert_int", "state", "interface", "unicast_src_ip"),
        *("preempt_delay", "auth_pass", "auth_type", "vrrp_version", "version", "interval"),
        *("timeout", "rise", "fall", "user", "debug", "unicast_ttl", "mcast_src_ip", "vrf"),
        *("down_timer_adverts", "vrrp_down_timer_adverts", "smtp_server", "smtp_connect_timeout"),
        *("garp_master_delay", "garp_master_refresh", "garp_master_refresh_repeat"),
        *("garp_master_repeat", "garp_lower_prio_delay", "garp_lower_prio_repeat"),
        *("vrrp_garp_master_delay", "vrrp_garp_master_refresh", "vrrp_garp_master_refresh_repeat"),
        *("vrrp_garp_master_repeat", "vrrp_garp_lower_prio_delay", "vrrp_garp_lower_prio_repeat"),
        *("vrrp_garp_interval", "vrrp_gna_interval", "vrrp_mcast_group4", "vrrp_mcast_group6"),
        *("notify", "notify_master", "notify_backup", "notify_fault", "notify_stop"),
        *("notify_master_rx_lower_pri", "process", "quorum", "quorum_max", "delay"),
        *("fork_delay", "terminate_delay"),
    }
)
_MILLISECONDS = Version(2, 3, 2)


class Range(msgspec.Struct, frozen=True):
    low: float
    high: float
    is_whole: bool = True


_INT, _SECONDS = 2147483647, 4294
_GARP: Mapping[str, Range] = {
    "garp_master_delay": Range(0, _SECONDS),
    "garp_master_refresh_repeat": Range(1, _INT),
    "garp_lower_prio_delay": Range(0, _SECONDS),
    "garp_lower_prio_repeat": Range(0, _INT),
    "garp_master_repeat": Range(0, _INT),  # of 0 another rule speaks
}
_PROCESS_DELAY = Range(0.000001, 3600, is_whole=False)
# Block, keyword: what 2.2.7 takes. It says so of anything else, and goes on without the line.
RANGES: Mapping[str, Mapping[str, Range]] = {
    "vrrp_instance": {
        **_GARP,
        "down_timer_adverts": Range(1, 100),
        "unicast_ttl": Range(0, 255),
        "preempt_delay": Range(0, 1000, is_whole=False),
        "debug": Range(0, 4),
    },
    "global_defs": {
        **{f"vrrp_{keyword}": found for keyword, found in _GARP.items()},
        "vrrp_down_timer_adverts": Range(1, 100),
        "smtp_connect_timeout": Range(1, _SECONDS),
        "vrrp_rt_priority": Range(1, 99),
        "max_auto_priority": Range(-1, 99),
    },
    "vrrp_script": {
        "interval": Range(1, _SECONDS),
        "timeout": Range(1, _SECONDS),
        "rise": Range(1, _INT),
        "fall": Range(1, _INT),
        "weight": Range(-253, 253),
    },
    "vrrp_track_process": {
        "quorum": Range(1, 65535),
        "quorum_max": Range(0, 65535),
        "delay": _PROCESS_DELAY,
        "fork_delay": _PROCESS_DELAY,
        "terminate_delay": _PROCESS_DELAY,
        "weight": Range(-254, 254),
    },
    "track_file": {"weight": Range(-254, 254)},
    "vrrp_track_file": {"weight": Range(-254, 254)},
}


def _on_anyway(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for _, line, known in lines_of(conf):
        if known is not None and known.takes == "flag" and line.value in OFF:
            yield Hit(
                line.place, f"{line.keyword} {line.value} switches it on: it takes no argument"
            )


def _no_bool(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for _, line, known in lines_of(conf):
        if known is not None and known.takes == "bool" and line.value not in {"", *_BOOLS}:
            yield Hit(line.place, f'{line.keyword} "{line.value}" is neither on nor off')


def _no_word(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for _, line, known in lines_of(conf):
        if known is not None and line.keyword in NEEDS_WORD and not line.args:
            yield Hit(line.place, f"{line.keyword} has no value: keepalived exits with 2")


def _out_of_range(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for block, line, _ in lines_of(conf):
        allowed = RANGES.get(block, {}).get(line.keyword)
        if allowed is None or not line.value or _is_within(line.value, allowed):
            continue
        if block == "vrrp_script" and version >= _MILLISECONDS and seconds_of(line.value):
            continue
        yield Hit(
            line.place,
            f'{line.keyword} "{line.value}" is not from {allowed.low:.10g} to {allowed.high:.10g}',
        )


def _is_within(text: str, allowed: Range) -> bool:
    found: float | None = number_of(text)
    if found is None and not allowed.is_whole:
        found = seconds_of(text)
    return found is not None and allowed.low <= found <= allowed.high


RULES = (
    FileRule(
        code="KA095",
        title="A flag that looks switched off",
        severity=ERROR,
        why="A flag takes no argument; what follows is ignored without a message: `nopreempt false` is "
        "nopreempt.",
        remedy="take the line out to switch it off",
        example="vrrp_instance VI_1 {\n  nopreempt false\n}\n",
        repaired="vrrp_instance VI_1 {\n  nopreempt\n}\n",
        check=_on_anyway,
    ),
    FileRule(
        code="KA096",
        title="Neither on nor off",
        severity=WARNING,
        why="`Invalid value for vrrp_higher_prio_send_advert specified`, `-t` exits 5, and the default "
        "stays. keepalived takes on, off, true, false, yes, no, and nothing for on.",
        remedy="write true or false",
        example="global_defs {\n  vrrp_higher_prio_send_advert 1\n}\n",
        repaired="global_defs {\n  vrrp_higher_prio_send_advert true\n}\n",
        check=_no_bool,
    ),
    FileRule(
        code="KA097",
        title="A keyword without its value",
        severity=ERROR,
        why="`is missing a parameter after keyword`: keepalived exits with 2, on a reload too.",
        remedy="write the value after it, or take the line out",
        example="vrrp_instance VI_1 {\n  priority\n}\n",
        repaired="vrrp_instance VI_1 {\n  priority 150\n}\n",
        check=_no_word,
    ),
    FileRule(
        code="KA098",
        title="A number that keepalived does not take",
        severity=ERROR,
        why="`invalid number`, or `outside range`: `-t` exits 5, and keepalived goes on without the line: "
        "with its default, on this node only. The ranges were measured with 2.2.7; 2.3.2 and newer take "
        "fractions for a vrrp_script.",
        remedy="write a whole number within the range",
        example='vrrp_script web {\n  script "/usr/bin/pgrep -x nginx"\n  interval 0.5\n}\n',
        repaired='vrrp_script web {\n  script "/usr/bin/pgrep -x nginx"\n  interval 1\n}\n',
        check=_out_of_range,
    ),
)
