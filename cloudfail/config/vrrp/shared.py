"""What instances share: global_defs, scripts, files, processes, sync groups; and the host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from cloudfail.config.problems import Problems
from cloudfail.config.shape import check_table
from cloudfail.config.values import parse_address
from cloudfail.config.vrrp import text
from cloudfail.config.vrrp.model import (
    Argv,
    Host,
    Keepalived,
    Script,
    SyncGroup,
    TrackFile,
    TrackProcess,
)
from cloudfail.config.vrrp.tables import (
    HostTable,
    KeepalivedTable,
    ScriptTable,
    SyncGroupTable,
    TrackFileTable,
    TrackProcessTable,
)

T = TypeVar("T")
Build = Callable[[str, dict[str, Any], str, Problems], T | None]
_TIMEOUT = 2  # seconds, where none is written; as in ScriptTable
_CHECKS = ("tcp", "http", "process", "unit", "command")


def read_keepalived(document: Mapping[str, Any], problems: Problems) -> Keepalived:
    """Return [keepalived] and the tables of things that instances track."""
    good = _table(document, "keepalived", KeepalivedTable, problems)
    _check_texts(good, problems)
    return Keepalived(
        **good,
        scripts=_named(document, "vrrp_script", ScriptTable, _script, problems),
        track_files=_named(document, "track_file", TrackFileTable, _track_file, problems),
        track_processes=_named(
            document, "track_process", TrackProcessTable, _track_process, problems
        ),
        sync_groups=_named(document, "vrrp_sync_group", SyncGroupTable, _sync_group, problems),
    )


def read_host(document: Mapping[str, Any], problems: Problems) -> Host:
    """Return [host]."""
    good = _table(document, "host", HostTable, problems)
    written = good.pop("real_server", ())
    parsed = [
        parse_address(one, f"host.real_server[{index}]", problems)
        for index, one in enumerate(written)
    ]
    return Host(**good, real_server=tuple(address for address in parsed if address is not None))


def _table(
    document: Mapping[str, Any], name: str, shape: type[msgspec.Struct], problems: Problems
) -> dict[str, Any]:
    return check_table(document.get(name, {}), shape, name, problems)


def _named(
    document: Mapping[str, Any],
    kind: str,
    shape: type[msgspec.Struct],
    build: Build[T],
    problems: Problems,
) -> dict[str, T]:
    """Read [kind.NAME] tables."""
    tables = document.get(kind, {})
    if not isinstance(tables, Mapping):
        problems.add(kind, "must be a table", f"write [{kind}.NAME], in single brackets")
        return {}
    found: dict[str, T] = {}
    for name, table in tables.items():
        key, before = f"{kind}.{name}", problems.count()
        text.check(name, "name", key, problems)
        good = check_table(table, shape, key, problems)
        if problems.count() > before:
            continue
        built = build(name, good, key, problems)
        if built is not None and problems.count() == before:
            found[name] = built
    return found


def _check_texts(good: dict[str, Any], problems: Problems) -> None:
    kinds = {
        "directory": "path",
        "command": "path",
        "script_user": "user",
        "vrrp_notify_fifo": "path",
        "vrrp_notify_fifo_user": "user",
        "notification_email_from": "email",
        "smtp_server": "server",
    }
    for name, kind in kinds.items():
        if good.get(name) and not text.check(good[name], kind, f"keepalived.{name}", problems):
            del good[name]
    if "directory" in good:
        good["directory"] = _directory(good["directory"], problems)
    for index, address in enumerate(good.get("notification_email", ())):
        text.check(address, "email", f"keepalived.notification_email[{index}]", problems)
    _check_include(good, problems)


def _directory(written: str, problems: Problems) -> str:
    """Return it as paths begin with it: one slash between names, none at the end."""
    names = [name for name in written.split("/") if name]
    if not names or ".." in names or "." in names:
        problems.add(
            "keepalived.directory", f'"{written}" is no plain path', "write it like /etc/keepalived"
        )
    return "/" + "/".join(names)


def _check_include(good: dict[str, Any], problems: Problems) -> None:
    include = good.get("include")
    if include and not text.is_pattern(include):
        problems.add(
            "keepalived.include",
            f'"{include}" is no pattern of files beneath the directory',
            "write it like conf.d/*.conf",
        )
        del good["include"]
    elif include is not None and good.get("file_per_instance") and not text.names_many(include):
        problems.add(
            "keepalived.file_per_instance",
            "needs an include with one *: nothing would read those files",
            'set include = "conf.d/*.conf"',
        )


def _script(name: str, good: dict[str, Any], key: str, problems: Problems) -> Script | None:
    asked = [check for check in _CHECKS if good.get(check)]
    if len(asked) != 1:
        found = f"has {' and '.join(asked)}" if asked else "checks nothing"
        problems.add(key, found, f"write exactly one of {', '.join(_CHECKS)}")
        return None
    argv = _argv(asked[0], good, key, problems)
    if good.get("user"):
        text.check(good["user"], "user", f"{key}.user", problems)
    if good.get("init_fail") and good.get("weight"):
        problems.add(f"{key}.init_fail", "has no use with a weight", "remove one of the two")
    rest = {field: value for field, value in good.items() if field not in _CHECKS}
    return Script(name=name, command=argv, **rest)


def _argv(check: str, good: dict[str, Any], key: str, problems: Problems) -> Argv:
    """Return the command of a check; none of them starts a Python."""
    value, where = good[check], f"{key}.{check}"
    match check:
        case "tcp":
            return text.tcp_check(value, where, problems)
        case "http":
            seconds = good.get("timeout", _TIMEOUT)
            return text.http_check(value, seconds, where, problems)
        case "process":
            text.check(value, "process", where, problems)
            return ("/usr/bin/pgrep", "-x", value.replace("+", "[+]"))  # a regular expression
        case "unit":
            text.check(value, "unit", where, problems)
            return ("/usr/bin/systemctl", "is-active", "-q", value)
        case _:
            text.check_words(value, where, problems)
            return tuple(value)


def _track_file(name: str, good: dict[str, Any], key: str, problems: Problems) -> TrackFile:
    text.check(good["file"], "path", f"{key}.file", problems)
    return TrackFile(name=name, **good)


def _track_process(name: str, good: dict[str, Any], key: str, problems: Problems) -> TrackProcess:
    text.check(good["process"], "process", f"{key}.process", problems)
    return TrackProcess(name=name, **good)


def _sync_group(name: str, good: dict[str, Any], key: str, problems: Problems) -> SyncGroup:
    del key, problems
    return SyncGroup(name=name, **good)
