"""The combinations of every option, as tables and as the text of cloudfail.toml."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from keepalived.generate.levels import GROUPED, LEVELS, NEVER
from keepalived.generate.pairs import Case, all_pairs

Document = dict[str, Any]

SECRET = "s3cr#t!{"
ADDRESSES = {4: "10.0.1.{}", 6: "fd00:0:0:1::{}"}


@cache
def cases(without: frozenset[str] = frozenset()) -> tuple[Case, ...]:
    """Return the matrix; `without` names values of `authentication` to leave out."""
    levels = {name: [value for value in values if not (name == "authentication" and value in without)]
              for name, values in LEVELS.items()}  # fmt: skip
    return tuple(all_pairs(levels, NEVER))


def document(case: Case, secret_file: str = "/etc/cloudfail/edge.secret") -> Document:
    """Return cloudfail.toml of a case, as tables."""
    found: Document = copy.deepcopy(_base(case))
    for name, value in case.items():
        for key, setting in LEVELS[name][value].items():
            _set(found, key, copy.deepcopy(setting))
    authentication = found["instance"]["edge"].get("authentication", {})
    if "secret_file" in authentication:
        authentication["secret_file"] = secret_file
    return found


def nodes_of(tables: Document) -> list[Document]:
    return [node for instance in tables["instance"].values() for node in instance["node"]]


def toml(tables: Document) -> str:
    """Write it with inline tables, which hold any nesting in a line."""
    return "".join(f"{_key(name)} = {_toml(value)}\n" for name, value in tables.items())


def _base(case: Case) -> Document:
    family = int(case["family"])
    edge = _pair("edge", family, 51, int(case["nodes"]), case["node"])
    tables: Document = {
        "instance": {"edge": edge},
        "keepalived": {},
        "vrrp_script": {"check": {}},
        "track_file": {"brake": {"file": "/run/cloudfail-handbrake"}},
        "track_process": {"busy": {"process": "haproxy"}},
        "host": {},
        "agent": {},
    }
    if case["second"] != "none":
        other = 10 - family
        tables["instance"]["other"] = _pair("other", other, 51, int(case["nodes"]), "plain")
    if case["second"] in GROUPED:
        group = {"instances": ["edge", "other"], "smtp_alert": case["second"] == "group mails"}
        tables["vrrp_sync_group"] = {"both": group}
    return tables


def _pair(name: str, family: int, vrid: int, count: int, kind: str) -> Document:
    more: Document = {
        "plain": {},
        "router_id": {"router_id": f"lb.{name}-1"},
        "interface": {"interface": "eth1"},
    }[kind]
    nodes = [
        {"name": chr(ord("a") + n), "address": ADDRESSES[family].format(10 + n),
         "priority": 150 - n, **more}
        for n in range(count)
    ]  # fmt: skip
    return {
        "provider": "cloud",
        "interface": "eth0",
        "virtual_router_id": vrid,
        "node": nodes,
    }


def _set(tables: Document, key: str, value: Any) -> None:
    *above, last = key.split(".")
    for name in above:
        tables = tables.setdefault(name, {})
    tables[last] = value


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)
