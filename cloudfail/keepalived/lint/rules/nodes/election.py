"""Who becomes master, and stays it: one order, the same rules on all nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import INFO, WARNING, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, node
from cloudfail.keepalived.lint.rules.nodes.router import Side, compare, nodes_of, routers
from cloudfail.keepalived.lint.view import number_of
from cloudfail.keepalived.version import Version

_DEFAULT_ADVERTS = 3


def _equal(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        seen: dict[int, Side] = {}
        for side in router:
            priority = side.instance.priority
            if priority is None:
                continue
            if priority in seen:
                yield Hit(
                    side.instance.place_of("priority"),
                    f"{side.instance.name} has priority {priority}, as {seen[priority].at('priority')}",
                )
            seen.setdefault(priority, side)


def _one_answers(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        silent = [side for side in router if not side.conf.answers_lower(side.instance)]
        if len(silent) < len(router):
            for side in silent:
                yield Hit(
                    side.conf.place_of_answer(side.instance),
                    f"{side.instance.name} steps down without a word, its peers do not",
                )


def _preempts(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    """The last in the order preempts nobody."""
    del version
    for router in routers(confs):
        lowest = min((one.instance.priority or 0 for one in router), default=0)
        patient = next((one for one in router if one.instance.has("nopreempt")), None)
        for side in router:
            own = side.instance.priority or 0
            if patient is not None and not side.instance.has("nopreempt") and own > lowest:
                yield Hit(
                    side.instance.place_of("state"),
                    f"{side.instance.name} takes the role back when it returns, unlike "
                    f"{patient.at('nopreempt')}",
                )


def _masters(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        first = next((one for one in router if one.instance.state == "MASTER"), None)
        for side in router:
            if first is not None and side is not first and side.instance.state == "MASTER":
                yield Hit(
                    side.instance.place_of("state"),
                    f"{side.instance.name} has state MASTER, as {first.at('state')}",
                )


def _router_id(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    seen: dict[str, NodeConf] = {}
    for conf in nodes_of(confs):
        line = conf.get_global("router_id")
        if line is None or not line.value:
            continue
        if line.value in seen:
            yield Hit(
                line.place, f'router_id "{line.value}" is that of {seen[line.value].file} too'
            )
        seen.setdefault(line.value, conf)


def _adverts(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    yield from compare(confs, "down_timer_adverts", _adverts_of)


def _adverts_of(side: Side) -> int:
    written = side.instance.text("down_timer_adverts") or side.conf.global_text(
        "vrrp_down_timer_adverts"
    )
    return number_of(written) or _DEFAULT_ADVERTS


RULES = (
    NodesRule(
        code="KA125",
        title="Equal priorities",
        severity=WARNING,
        why="Who starts first is master (measured with 2.2.7: now one, now the other); when that one fails "
        "all others time out in the same moment, and of two masters the higher address wins. A weight that "
        "lowers one to the other's priority moves nothing.",
        remedy="give each node a priority of its own, like 150 and 100",
        example=(PAIR[0], node(2, priority="150")),
        repaired=PAIR,
        check=_equal,
    ),
    NodesRule(
        code="KA126",
        title="vrrp_higher_prio_send_advert on one node only",
        severity=WARNING,
        replaces=("KA062",),
        why="The option works on the node that steps down: without it there the survivor of a healed "
        "partition may get no event (0 instead of 1, with 2.2.7 and 2.4.3), while the loser has the cloud's "
        "address. Which node loses depends on the partition.",
        remedy="add vrrp_higher_prio_send_advert true to global_defs of all nodes",
        example=(PAIR[0], node(2, vrrp_higher_prio_send_advert=None)),
        repaired=PAIR,
        check=_one_answers,
    ),
    NodesRule(
        code="KA127",
        title="nopreempt is missing on a better node",
        severity=WARNING,
        replaces=("KA014",),
        why="nopreempt works on the node that comes back. The better node without it takes the role back: "
        "a restart moves everything twice, after 0.6 s and 3.4 s later.",
        remedy="add nopreempt to all nodes, with state BACKUP",
        example=(node(1, nopreempt=None), PAIR[1]),
        repaired=(PAIR[0], node(2, nopreempt=None)),
        check=_preempts,
    ),
    NodesRule(
        code="KA128",
        title="State MASTER on two nodes",
        severity=INFO,
        why="It makes nobody master: the priority decides, after three intervals without an advert, and "
        "one becomes master (measured with 2.2.7, both with state MASTER). But it clears nopreempt.",
        remedy="write state BACKUP on all nodes",
        example=(
            node(1, state="MASTER", nopreempt=None),
            node(2, state="MASTER", nopreempt=None),
        ),
        repaired=PAIR,
        check=_masters,
    ),
    NodesRule(
        code="KA129",
        title="One router_id on two nodes",
        severity=INFO,
        why="It is the node's name in mails and SNMP traps, no more: with the same on both nobody sees "
        "which node reports.",
        remedy="write each node's name",
        example=(PAIR[0], node(2, router_id="a")),
        repaired=PAIR,
        check=_router_id,
    ),
    NodesRule(
        code="KA130",
        title="Different down_timer_adverts",
        severity=WARNING,
        why="It is after how many missing adverts a node takes over; 3 is the default. A node with fewer is "
        "first whatever the priorities say (measured with 2.2.7: 1 on the node with priority 100, and that "
        "one became master), and becomes master beside the other for one lost advert.",
        remedy="write the same vrrp_down_timer_adverts on all nodes, or none",
        example=(PAIR[0], node(2, vrrp_down_timer_adverts="1")),
        repaired=PAIR,
        check=_adverts,
    ),
)
