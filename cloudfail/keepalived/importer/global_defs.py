"""global_defs: what has a word in [keepalived], and what goes into conf.d."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.keepalived.importer import values
from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.section import Section
from cloudfail.keepalived.importer.values import Parse
from cloudfail.keepalived.syntax import Statement, Tree

HOME = "global_defs"
NO_WORD = "cloudfail.toml has no word for it: it belongs into conf.d"
# `router_id` is a node's, `default_interface` and `smtp_alert` are an instance's in the toml.
ELSEWHERE = ("router_id", "default_interface", "smtp_alert")
_KEYWORDS: Mapping[str, tuple[str, Parse]] = {
    "router_id": ("router_id", values.text("plain")),
    "default_interface": ("default_interface", values.text("device")),
    "smtp_alert": ("smtp_alert", values.switch),
    "smtp_alert_vrrp": ("smtp_alert_vrrp", values.switch),
    "notification_email_from": ("notification_email_from", values.text("email")),
    "smtp_server": ("smtp_server", values.all_words("server")),
    "smtp_connect_timeout": ("smtp_connect_timeout", values.whole(1, 3600)),
    "enable_script_security": ("enable_script_security", values.flag),
    "script_user": ("script_user", values.all_words("user")),
    "vrrp_version": ("vrrp_version", values.whole(2, 3)),
    "vrrp_check_unicast_src": ("vrrp_check_unicast_src", values.flag),
    "vrrp_higher_prio_send_advert": ("vrrp_higher_prio_send_advert", values.switch),
    "vrrp_min_garp": ("vrrp_min_garp", values.switch),
    "vrrp_startup_delay": ("vrrp_startup_delay", values.seconds(0.001, 3600)),
}
_HARMFUL = {
    "vrrp_strict": "it forbids unicast, and before 2.3.0 it is on even with `false`",
    "vrrp_skip_check_adv_addr": "with it 2.2.7 does not look who sends an advert",
}


def read_global_defs(tree: Tree, ledger: Ledger) -> Section:
    """Return the values of all its blocks, which keepalived takes as one."""
    section = Section(ledger)
    for block in tree.find("global_defs"):
        if not block.is_block:
            continue
        ledger.carry(block)
        statements = block.children or ()
        section.read(statements, _KEYWORDS)
        for statement in statements:
            _read_special(statement, section)
        ledger.sweep(statements, NO_WORD, home=HOME)
    return section


def _read_special(statement: Statement, section: Section) -> None:
    ledger = section.ledger
    if statement.keyword in _HARMFUL:
        ledger.leave_out(statement, f"{_HARMFUL[statement.keyword]}; do without")
    elif statement.keyword == "notification_email" and statement.is_block:
        _read_addresses(statement, section)
    elif statement.keyword == "vrrp_notify_fifo":
        _read_fifo(statement, section)


def _read_addresses(block: Statement, section: Section) -> None:
    """Each line is an address; those that cloudfail.toml would refuse go into conf.d."""
    good = [*section.get("notification_email", ())]
    for line in block.children or ():
        try:
            good.append(values.fit(line.keyword, "email"))
            section.ledger.carry(line)
        except UnfitError as unfit:
            section.ledger.leave_out(line, str(unfit), home=f"{HOME} notification_email")
    section.ledger.carry(block)
    if good:
        section.found.pop("notification_email", None)
        section.put("notification_email", tuple(dict.fromkeys(good)), block)


def _read_fifo(statement: Statement, section: Section) -> None:
    path, *owner = statement.args or ("",)
    try:
        found = values.fit(path, "path")
        user = values.fit(" ".join(owner), "user") if owner else ""
    except UnfitError as unfit:
        section.ledger.leave_out(statement, str(unfit))
        return
    section.put("vrrp_notify_fifo", found, statement)
    if user:
        section.put("vrrp_notify_fifo_user", user, statement)
