"""Whether somebody is told that the role changed, and what is done then."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cloudfail.keepalived.lint.groups import in_any
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.view import FIFO_SCRIPTS, VrrpInstance
from cloudfail.keepalived.lint.wording import several
from cloudfail.keepalived.options import knows
from cloudfail.keepalived.version import Version

_RX_LOWER = "notify_master_rx_lower_pri"
_LOSING = ("notify_backup", "notify_fault", "notify_stop")
# Of aws, gcloud, az, hcloud, openstack and ip: what takes an object away from a node.
_RELEASES = frozenset(
    {
        *("disassociate", "deassociate", "unassign", "release", "detach", "unbind", "unset"),
        *("delete", "del", "remove", "rm", "unmap", "dissociate"),
    }
)
_OWNED_FIFO = Version(2, 4)
_WORD = re.compile(r"[a-z]+")


def _told(conf: NodeConf) -> Iterator[VrrpInstance]:
    """The instances for which a script of their own, or of their group, is told of MASTER."""
    grouped = in_any(
        group for group in conf.sync_groups if group.has("notify_master") or group.has("notify")
    )
    for instance in conf.instances:
        own = {"notify_master", "notify"} & instance.notifies.keys()
        if own or instance.name in grouped:
            yield instance


def _no_rx_lower(conf: NodeConf, version: Version) -> Iterator[Hit]:
    if conf.has_fifo:
        return
    known = knows(version, "vrrp_instance", _RX_LOWER)
    remedy = "" if known else "update keepalived: it is known from 2.0.6 on"
    for instance in _told(conf):
        if _RX_LOWER not in instance.notifies:
            yield Hit(
                instance.place_of("notify_master"),
                f"{instance.name} is not told when it stays master after a split brain",
                remedy,
            )


def _heals_in_silence(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    silent = [one for one in conf.instances if not conf.answers_lower(one)]
    if not silent:
        return
    yield Hit(
        conf.place_of_answer(silent[0]),
        f"{several(silent)} may step down without a word to the master that stays",
    )


def _releases(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for command in conf.commands:
        if command.keyword not in _LOSING:
            continue
        words = _RELEASES.intersection(_WORD.findall(command.text.lower()))
        if words:
            yield Hit(
                command.place,
                f'{command.keyword} seems to release something ("{min(words)}"), in a race with the '
                "new master",
            )


def _reader_dies(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for command in conf.commands:
        if command.keyword in FIFO_SCRIPTS:
            yield Hit(command.place, f"{command.keyword} is not started again when it ends")


def _no_owner(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for keyword in ("vrrp_notify_fifo", "notify_fifo"):
        line = conf.get_global(keyword)
        if line is not None and len(line.args) == 1 and version >= _OWNED_FIFO:
            yield Hit(line.place, f"{keyword} names no user that owns the FIFO")


def _no_mail(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    missing = [one for one in ("smtp_server", "notification_email") if not conf.has_global(one)]
    if not missing:
        return
    blocks = [*conf.tree.find("global_defs"), *conf.tree.find("vrrp_instance"), *conf.sync_groups]
    for block in blocks:
        for keyword in ("smtp_alert", "smtp_alert_vrrp"):
            line = block.first(keyword)
            if line is not None and line.value not in ("false", "no", "off"):
                yield Hit(line.place, f"{keyword} sends nothing: no {' and no '.join(missing)}")


def _instance(*lines: str) -> str:
    return "\n  ".join(("vrrp_instance VI_1 {", *lines)) + "\n}\n"


_MASTER = 'notify_master "/usr/bin/cloudfail promote --instance VI_1" root root'
_RX = f'{_RX_LOWER} "/usr/bin/cloudfail promote --instance VI_1" root root'

RULES = (
    FileRule(
        code="KA061",
        title="No notify_master_rx_lower_pri",
        severity=ERROR,
        why="After a split brain the node that stays master gets no second notify_master, while the "
        "cloud's address is with the loser, whose notify_master ran last. notify_master_rx_lower_pri (2.0.6 "
        "and newer) and the FIFO are the only signs; `notify` does not get it.",
        remedy="add notify_master_rx_lower_pri with the command of notify_master, or vrrp_notify_fifo",
        example=_instance(_MASTER),
        repaired=_instance(_MASTER, _RX),
        check=_no_rx_lower,
    ),
    FileRule(
        code="KA062",
        title="No vrrp_higher_prio_send_advert",
        severity=WARNING,
        why="When a partition heals and the better node's advert comes first, the loser goes BACKUP without "
        "a word, and the survivor gets no event at all (2.2.7 and 2.4.3: 0 events). With the option the "
        "loser answers first: 1 event.",
        remedy="add vrrp_higher_prio_send_advert true to global_defs, on every node",
        example=_instance("state BACKUP"),
        repaired="global_defs {\n  vrrp_higher_prio_send_advert true\n}\n"
        + _instance("state BACKUP"),
        check=_heals_in_silence,
    ),
    FileRule(
        code="KA063",
        title="A backup that releases",
        severity=WARNING,
        why="On a handover the new master's notify_master and the old one's notify_backup run within 5 ms, "
        "in either order, on two machines: a release that comes second takes the address from the new "
        "master. notify_stop runs on a backup too, and is killed after 1 s. Words that count: "
        + ", ".join(sorted(_RELEASES))
        + ".",
        remedy="release nothing: the new master takes it with overwrite",
        example=_instance('notify_backup "/usr/local/sbin/release-address"'),
        repaired=_instance('notify_backup "/usr/bin/systemctl stop nginx"'),
        check=_releases,
    ),
    FileRule(
        code="KA064",
        title="A FIFO reader that nobody starts again",
        severity=WARNING,
        why="When the script ends, keepalived logs one line and goes on without it; events stay in the "
        "FIFO, and from 64 KiB on they are dropped. A reload ends it as well, and starts a new one that is "
        "not told the state.",
        remedy="read the FIFO with a systemd unit that has Restart=always, like cloudfail's agent",
        example='global_defs {\n  vrrp_notify_fifo /run/vrrp.fifo root\n  vrrp_notify_fifo_script "/usr/bin/reader"\n}\n',
        repaired="global_defs {\n  vrrp_notify_fifo /run/vrrp.fifo root\n}\n",
        check=_reader_dies,
    ),
    FileRule(
        code="KA065",
        title="A FIFO without an owner",
        severity=WARNING,
        why="From 2.4.0 on keepalived refuses a FIFO that neither it nor the named user owns: `is not a "
        "fifo we own - not using`, and no event comes.",
        remedy="write the reader's user and group after the path",
        example="global_defs {\n  vrrp_notify_fifo /run/cloudfail/vrrp.fifo\n}\n",
        repaired="global_defs {\n  vrrp_notify_fifo /run/cloudfail/vrrp.fifo cloudfail cloudfail\n}\n",
        version=_OWNED_FIFO,
        check=_no_owner,
    ),
    FileRule(
        code="KA066",
        title="Alerts that go nowhere",
        severity=WARNING,
        why="Without smtp_server or notification_email no mail is sent, and neither `-t` (it exits 0) nor "
        "the log says so.",
        remedy="add smtp_server and notification_email to global_defs, or leave smtp_alert out",
        example=_instance("smtp_alert"),
        repaired=_instance("smtp_alert false"),
        check=_no_mail,
    ),
)
