"""Inputs of terraform/configuration, what cloudfail.toml says for them, and one plan or apply of many."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from terraform.workspace import Workspace

Values = dict[str, Any]

_SETTINGS: dict[str, list[Values]] = {
    "aws": [{"region": "eu-central-1"}, {"region": 'a"b\\c'}],
    "gcp": [{"project": "p-1", "route_priority": 700, "standing_routes": True}, {}],
    "azure": [{"resource_group": "edge", "client_id": "11111111-1111"}, {"cloud": "china"}],
}
_ID = "/subscriptions/s/resourceGroups/edge/providers/Microsoft.Network"
_SECRETS = {
    "aws": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:edge-a1b2c3",
    "gcp": "projects/p-1/secrets/edge",
    "azure": "https://edge.vault.azure.net/secrets/edge",
}
_ROUTE = {"aws": ["rtb-0a", "rtb-0b"], "gcp": ["net"], "azure": ["edge/table", "other"]}
_PUBLIC = {
    "aws": {"resource_id": "eipalloc-0a", "private_address": "10.0.1.100"},
    "gcp": {},
    "azure": {"resource_id": f"{_ID}/publicIPAddresses/edge"},
}
_EXTRA = """
# of the operator
[instance.edge]
use_vmac = false
track_script = ["web"]
nopreempt_is = 0

[keepalived]
notification_email = ["ops@example.com"]
[guard]  # what nobody takes
protected = ["192.0.2.0/24"]

[instance.edge.services]
master = [
  "nginx.service",
]
[[instance.edge.hook]]
on = "MASTER"
command = ["/usr/local/bin/x", "a = b", "é\\u00e9", '''
[agent]''']
[vrrp_script.web]
http = "http://127.0.0.1/health"
[agent]
metrics_listen = "127.0.0.1:9713"
""".replace("nopreempt_is = 0\n", "")
_EXTRA_MEANS = {
    "instance": {
        "edge": {
            "use_vmac": False,
            "track_script": ["web"],
            "services": {"master": ["nginx.service"]},
            "hook": [{"on": "MASTER", "command": ["/usr/local/bin/x", "a = b", "éé", "[agent]"]}],
        }
    },
    "keepalived": {"notification_email": ["ops@example.com"]},
    "guard": {"protected": ["192.0.2.0/24"]},
    "vrrp_script": {"web": {"http": "http://127.0.0.1/health"}},
    "agent": {"metrics_listen": "127.0.0.1:9713"},
}


def two(first: str = "10.0.1.10", second: str = "10.0.1.11", **more: object) -> Values:
    """Two nodes of one subnet."""
    return {
        "a": {"address": first, "priority": 150, **more},
        "b": {"address": second, "priority": 100, **more},
    }


_NODES: list[Values] = [
    two(),
    two(interface="eth0") | {"c": {"address": "10.0.1.12", "priority": 9, "subnet": ""}},
    two("2001:db8:0:1::a", "2001:DB8:0:1::B"),
    {
        name: {
            "address": f"10.0.{number}.10",
            "priority": 200 - number,
            "subnet": "10.0.0.0/20",
            "interface_id": f"eni-{name}",
        }
        for number, name in enumerate("xyz")
    },
]


def inputs(provider: str, seed: int) -> Values:
    """Inputs that are right: any combination of what can be combined."""
    pick = random.Random(f"{provider}{seed}")
    nodes = _NODES[seed % len(_NODES)]
    given: Values = {
        "provider_name": provider,
        "virtual_router_id": pick.randint(1, 255),
        "nodes": nodes,
        "claims": _claims(provider, pick),
        "provider_settings": pick.choice(_SETTINGS[provider]),
        "own_egress": pick.choice(["check", "assured"]),
    }
    for name, value in {
        "responders": [
            {"port": 8080, "protocol": "http", "path": '/he"al\\th<&>é'},
            {"port": 81},
        ],
        "advert_int": pick.choice([2, 5]),
        "preempt_delay": 60,
        "nopreempt": False,
        "virtual_ipaddress": ["10.0.1.100", "10.0.1.101/32"],
        "authentication": _authentication(provider, nodes, pick),
        "extra_configuration": pick.choice([_EXTRA, _EXTRA.replace("\n", "\r\n")]),
    }.items():
        if pick.random() < 0.5 and value is not None:
            given[name] = value
    return given


def _claims(provider: str, pick: random.Random) -> list[Values]:
    pool: list[Values] = [
        {"kind": "public-ip", "address": "203.0.113.7", **_PUBLIC[provider]},
        {"kind": "private-ip", "address": "10.0.1.200"},
        {"kind": "route", "destination": "10.99.0.0/16", "tables": _ROUTE[provider]},
        {"kind": "route", "destination": "2001:db8:99::/48", "tables": _ROUTE[provider][:1]},
    ]
    if provider == "aws":
        pool[3]["role_arn"] = "arn:aws:iam::123456789012:role/x"
    if provider == "gcp":
        pool.append({"kind": "forwarding-rule", "name": "edge", "region": "europe-west1"})
        pool.append({"kind": "private-ip", "address": "10.8.0.64/28"})
    return pick.sample(pool, pick.randint(0, len(pool)))


def _authentication(provider: str, nodes: Values, pick: random.Random) -> Values | None:
    is_ipv6 = any(":" in node["address"] for node in nodes.values())
    kind = "hmac" if is_ipv6 else pick.choice(["PASS", "AH", "hmac"])
    return {"type": kind, "secret": _SECRETS[provider]}


def meaning(given: Mapping[str, Any]) -> Values:
    """What cloudfail.toml has to say for these inputs, by another way than Terraform's."""
    plain = ("virtual_router_id", "nopreempt", "preempt_delay", "virtual_ipaddress")
    edge: Values = {"provider": given["provider_name"], "advert_int": 1}
    edge |= {
        name: given[name] for name in ("advert_int", *plain) if given.get(name) not in (None, [])
    }
    nodes = [{"name": name, **node} for name, node in given["nodes"].items()]
    nodes.sort(key=lambda node: -node["priority"])
    tables = {"node": nodes, "claim": given.get("claims"), "responder": given.get("responders")}
    for name, items in tables.items():
        if items:
            edge[name] = [{k: v for k, v in each.items() if v not in (None, "")} for each in items]
    if found := given.get("authentication"):
        edge["authentication"] = {
            "type": found["type"],
            "secret_file": "/etc/cloudfail/edge.secret",
        }
    said = {"instance": {given.get("instance_name", "edge"): edge}, **_shared(given)}
    return _joined(said, _extra(given))


def _shared(given: Mapping[str, Any]) -> Values:
    said: Values = {}
    if given.get("provider_settings"):
        said["provider"] = {given["provider_name"]: given["provider_settings"]}
    if given.get("own_egress", "check") != "check":
        said["guard"] = {"own_egress": given["own_egress"]}
    needs_two = given.get("authentication", {}).get("type") in {"PASS", "AH"}
    version = given.get("vrrp_version", 2 if needs_two else 3)
    return said if version == 3 else {**said, "keepalived": {"vrrp_version": version}}


def _extra(given: Mapping[str, Any]) -> Values:
    text = given.get("extra_configuration", "")
    return _EXTRA_MEANS if text.replace("\r\n", "\n") == _EXTRA else tomllib.loads(text)


def _joined(one: Values, other: Mapping[str, Any]) -> Values:
    found = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = _joined(found[key], value) if both else value
    return found


def written(
    workspace: Callable[..., Workspace], cases: Mapping[str, Values], output: str = "cloudfail_toml"
) -> Workspace:
    """A configuration that calls the module for each case; its outputs are named as the cases are."""
    place = workspace("terraform")
    place.write("cases.json", json.dumps(cases))
    given = {name: f"${{try(each.value.{name}, null)}}" for case in cases.values() for name in case}
    call = {"source": "./configuration", "for_each": "${local.cases}", **given}
    root = {
        "locals": {"cases": '${jsondecode(file("cases.json"))}'},
        "module": {"case": call},
        "output": {name: {"value": f'${{module.case["{name}"].{output}}}'} for name in cases},
    }
    place.write("main.tf.json", json.dumps(root))
    place.init()
    return place


def refusals(place: Workspace) -> list[str]:
    """Every sentence that one plan has for what is wrong."""
    told = map(json.loads, place.run("plan", "-json", expected=(1,)).stdout.splitlines())
    errors = [line["diagnostic"] for line in told if line["@level"] == "error"]
    lines = [line for each in errors for line in (each["detail"] or each["summary"]).splitlines()]
    return [line for line in lines if line and not line.startswith("This was checked by")]
