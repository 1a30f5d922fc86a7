"""Inputs that terraform/configuration refuses, each with a part of the sentence that it says."""

from __future__ import annotations

from typing import Any

from terraform.configurations import Values, two

_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"


def _with(provider: str = "aws", **more: Any) -> Values:
    return {"provider_name": provider, "virtual_router_id": 51, "nodes": two(), **more}


def _claim(provider: str, kind: str, **fields: Any) -> Values:
    return _with(provider, claims=[{"kind": kind, **fields}])


def _claims(provider: str, *claims: Values) -> Values:
    return _with(provider, claims=list(claims))


def _public(address: str, **more: Any) -> Values:
    return {"kind": "public-ip", "address": address, **more}


def _private(address: str, **more: Any) -> Values:
    return {"kind": "private-ip", "address": address, **more}


def _route(destination: str, *tables: str) -> Values:
    return {"kind": "route", "destination": destination, "tables": list(tables)}


_SECRET = "arn:aws:ssm:eu-central-1:123456789012:parameter/edge"
_EXTRA = {
    "top = 1\n[agent]\nenabled = true": '"top = 1" stands before any [table]',
    '[[instance.edge.claim]]\nkind = "route"': "[[instance.edge.claim]] is written from the input claims",
    '[ instance . edge . authentication ]\ntype = "none"': "is written from the input authentication",
    "[agent]\n[agent]": "[agent] is there twice",
    "[keepalived]\nvrrp_version = 3": "vrrp_version of [keepalived] is written from the input",
    '[keepalived]\ncommand = "/x"': "command of [keepalived] is /usr/local/bin/cloudfail",
    '[instance.edge]\n"advert_int" = 3': "advert_int of [instance.edge] is written from the input",
    '["guard"]\nown_egress = "check"': "own_egress of [guard] is written from the input",
}

# What one mistake hides is looked at by terraform once it is corrected: so by a plan of its own here.
FIRST: list[tuple[Values, str]] = [(_with("hetzner"), "provider_name is aws, gcp or azure")]
VALUES: list[tuple[Values, str]] = [
    (_with(instance_name="a b"), "instance_name has 1 to 32 letters"),
    (_with(virtual_router_id=256), "virtual_router_id is a whole number from 1 to 255"),
    (_with(advert_int=0.005), "advert_int is 0.01 to 40.95 seconds in steps"),
    (_with(vrrp_version=4), "vrrp_version is 2 or 3"),
    (_with(preempt_delay=1001), "preempt_delay is 0 to 1000 seconds"),
    (_with(own_egress="no"), "own_egress is check or assured"),
    (_with(nodes={"a": two()["a"]}), "nodes has two or three members"),
    (_with(nodes=two(priority=7)), "No two nodes share a priority"),
    (_with(nodes={**two(), "c": {"address": "10.0.1.12", "priority": 255}}), "A priority is a whole"),
    (_with(nodes=two("10.0.1.10", "10.0.1.10")), "No two nodes share an address"),
    (_with(nodes=two("10.0.1.10", "2001:db8::1")), "The addresses of all nodes are of one family"),
    (_with(nodes={**two(), 'c"': {"address": "10.0.1.12", "priority": 9}}), "The name of a node has"),
    (_with(responders=[{"port": 0}]), "The port of a responder is a whole number"),
    (_with(responders=[{"port": 80, "protocol": "udp"}]), "The protocol of a responder is tcp or http"),
    (_with(responders=[{"port": 80, "protocol": "http", "path": "x"}]), "begins with a slash"),
    (_with(virtual_ipaddress=["10.0.1.100", "10.0.1.100/32"]), "is in virtual_ipaddress twice"),
    (_with(virtual_ipaddress=["127.0.0.2"]), "virtual_ipaddress has an address of the loopback"),
    (_with(authentication={"type": "MD5", "secret": _SECRET}), "authentication.type is PASS, AH or hmac"),
    (_with(authentication={"type": "PASS", "secret": "s3cr3t"}), "and never the secret itself: arn:"),
    (_with(cloudfail={"version": ">=1"}), "cloudfail.version is one version"),
    (_with(cloudfail={"index_url": "https://me:pw@x.org/simple"}), "cloudfail.index_url is the URL"),
    (_with(cloudfail={"wheel_url": "gs://b/cloudfail-0.1.0-py3-none-any.whl"}), "cloudfail.wheel_url is https"),
    (_with(cloudfail={"wheel_url": "s3://b/cloudfail-1.whl", "version": "1"}), "has a wheel_url and a version"),
    (_with(provider_settings={"regoin": "x"}), "has a key that [provider.aws] has not"),
    (_with(provider_settings={"region": ["x"]}), "is an object of texts, numbers and booleans"),
]  # fmt: skip
TOGETHER: list[tuple[Values, str]] = [
    (_with(advert_int=41), "41 s is no interval of VRRP version 3"),
    (_with(vrrp_version=2, advert_int=0.5), "0.5 s is no interval of VRRP version 2"),
    (_with(nopreempt=True, preempt_delay=7), "preempt_delay has no meaning with nopreempt"),
    (_with(nodes=two("10.0.1.010")), '"10.0.1.010" is no IP address'),
    (_with(nodes=two("224.0.0.18")), '"224.0.0.18" is no address that a machine can own'),
    (_with(nodes=two(subnet="10.0.2.0/24")), "is outside 10.0.2.0/24; correct one"),
    (_with(nodes=two(subnet="10.0.1.5/24")), 'did you mean "10.0.1.0/24"?'),
    (_with(nodes=two(interface_id="eni-0")), "eni-0 is also that of another node"),
    (_with(nodes=two(interface="eth 0")), '"eth 0" is no network device'),
    # claims, by their words
    (_claim("aws", "forwarding-rule", name="x"), 'aws has no kind "forwarding-rule"'),
    (_claim("gcp", "floating-ip"), 'gcp has no kind "floating-ip"'),
    (_claim("aws", "public-ip"), "claims[0] (public-ip): address is missing"),
    (_claim("azure", "route", destination="10.9.0.0/16", tables=[]), "tables is missing"),
    (_claim("gcp", "forwarding-rule", name=""), "name is missing"),
    (_claims("aws", _public("203.0.113.7", tables=["rtb-1"])), "tables does not belong to a public-ip"),
    (_claims("gcp", _public("203.0.113.7", resource_id="x")), "resource_id does not belong"),
    (_claims("azure", _route("10.9.0.0/16", "t") | {"role_arn": "arn:x"}), "role_arn does not belong"),
    # claims, by their values
    (_claims("aws", _public("203.0.113.256")), '"203.0.113.256" is no IP address'),
    (_claims("aws", _route("10.9.1.0/16", "rtb-1")), 'did you mean "10.9.0.0/16"?'),
    (_claims("aws", _route("10.9", "rtb-1")), '"10.9" is no network'),
    (_claims("aws", _route("10.9.0.0/16", "main")), '"main" is no route table id'),
    (_claims("gcp", _route("10.9.0.0/16", "Net")), '"Net" is no network; write its name'),
    (_claims("azure", _route("10.9.0.0/16", "/sub/t")), '"/sub/t" is no route table; write its NAME'),
    (_claims("aws", _public("2001:db8::7")), "an Elastic IP is IPv4"),
    (_claims("aws", _public("203.0.113.7", resource_id="203")), '"203" is no allocation id'),
    (_claims("aws", _route("10.9.0.0/16", "rtb-1") | {"role_arn": "me"}), '"me" is no ARN'),
    (_claims("aws", _private("10.0.1.64/28")), "10.0.1.64/28 is a range, and aws moves single"),
    (_claims("azure", _private("10.0.1.96/28")), "10.0.1.96/28 is a range, and azure moves single"),
    (_claims("azure", _public("203.0.113.7", resource_id=f"{_ID}/x")), "is no id of a public IP address"),
    (_claims("azure", _public("203.0.113.7", private_address="2001:db8::9")), "of another IP version"),
    (_claims("gcp", _public("2001:db8::8")), "2001:db8::8 is IPv6; claim it as a forwarding-rule"),
    (_claims("gcp", {"kind": "forwarding-rule", "name": "Edge"}), '"Edge" is no name of a rule'),
    (_claims("aws", _public("169.254.1.1")), "169.254.1.1 is a link-local address"),
    (_claims("aws", _route("10.9.0.0/16", "rtb-\x7f")), "claims[0].tables: it holds control characters"),
    (_with(provider_settings={"region": "a\nb"}), "provider_settings.region: it holds control"),
    # claims against nodes, and each other
    (_claims("aws", _private("10.0.1.11")), '10.0.1.11 is the unicast address of node "b"'),
    (_claims("gcp", _private("10.0.1.8/30")), '10.0.1.8/30 holds 10.0.1.1'),
    (_with(claims=[_private("10.0.7.7")], nodes=two("10.0.1.10", "10.0.2.10")),
     "the nodes are in 10.0.1.0/24 and 10.0.2.0/24"),
    (_with(claims=[_private("10.0.7.7")], nodes=two(subnet="10.0.1.0/24")),
     "10.0.7.7 is outside 10.0.1.0/24, the subnet of the nodes"),
    (_claims("aws", _route("10.9.0.0/16", "rtb-2", "rtb-2")), "route 10.9.0.0/16 rtb-2 is claimed twice"),
    (_claims("aws", _private("2001:db8::a"), _private("2001:DB8::000a")), "private-ip 2001:db8::a is claimed"),
    (_claims("aws", _public("203.0.113.1"), _public("203.0.113.2")), "all sit on the primary address, which"),
    (_claims("azure", _public("203.0.113.1"), _public("203.0.113.2")), "all sit on the primary address (IPv4)"),
    (_claims("gcp", _public("203.0.113.1"), _public("203.0.113.2")), "an interface has one external address"),
    (_claims("gcp", _private("10.8.0.64/28"), _private("10.8.0.70")), "10.8.0.64/28 and 10.8.0.70/32 overlap"),
    (_claims("azure", _private("2001:db8::c"), _private("2001:db8::d")), "has one IPv6 address at most"),
    # responders and virtual addresses
    (_with(responders=[{"port": 81}, {"port": 81, "address": "10.0.1.10"}]), "81 is also that of responders[1]"),
    (_with(responders=[{"port": 9712}]), "9712 is also that of the agent's metrics"),
    (_with(virtual_ipaddress=["10.0.1.99/24"]), '"10.0.1.99/24" is no IP address'),
    # authentication
    (_with(authentication={"type": "PASS", "secret": _SECRET}, vrrp_version=3), "VRRP version 3 has no PASS"),
    (_with(authentication={"type": "AH", "secret": _SECRET}, nodes=two("2001:db8::a", "2001:db8::b")),
     "AH is for IPv4 only"),
    # where cloudfail comes from, and what is appended
    *((_with(extra_configuration=text), wanted) for text, wanted in _EXTRA.items()),
]  # fmt: skip

_NOT_IN_FILE = "it is no matter of cloudfail.toml"
_OF_MODULE = "cloud resources are named so"
ONLY_TERRAFORM = {
    "nodes has two or three members": "cloudfail takes any number",
    "instance_name has 1 to 32 letters": _OF_MODULE,
    "and never the secret itself: arn:": _NOT_IN_FILE,
    "cloudfail.version is one version": _NOT_IN_FILE,
    "cloudfail.index_url is the URL": _NOT_IN_FILE,
    "cloudfail.wheel_url is https": _NOT_IN_FILE,
    "has a wheel_url and a version": _NOT_IN_FILE,
    **dict.fromkeys(_EXTRA.values(), "TOML would have it twice, or elsewhere"),
}
