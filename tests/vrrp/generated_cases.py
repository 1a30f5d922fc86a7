"""The configurations that generated keepalived files are tried with, and what their master has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cloudfail.keepalived.version import NEWEST, Version, installed_version

from vrrp.generated import SECRET_FILE, Held

PRIORITIES = {"a": 240, "b": 120, "c": 5}  # far apart: so are the moments at which two take over
NUMBERS = {"a": 10, "b": 11, "c": 12}
VIP, VIP6 = "10.0.1.100", "fd00:0:0:1::100"
ON_LO = {f"{VIP}/32": Held("lo")}
ON_LO6 = {f"{VIP6}/128": Held("lo")}
PLAIN = f'virtual_ipaddress = ["{VIP}"]'
PLAIN6 = f'virtual_ipaddress = ["{VIP6}"]'
# From 2.2.8 on no_virtual_ipaddress spares an instance its placeholder.
_IS_SPARED = (installed_version() or NEWEST) >= Version(2, 2, 8)
PLACEHOLDER: Mapping[str, Held] = {} if _IS_SPARED else {"192.0.2.51/32": Held("lo")}
PLACEHOLDER6: Mapping[str, Held] = (
    {}
    if _IS_SPARED
    else {"2001:db8::33/128": Held("lo", deprecated=True, forever=False)}  # no source ever
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`held` is what the master has, on which device; `ordered`: an advert's turn can be forced.

    `grouped`: the instances change their role together.
    """

    toml: str
    held: Mapping[str, Held] = field(default_factory=dict)
    nodes: str = "ab"
    instances: tuple[str, ...] = ("edge",)
    zones: bool = False
    preempts: bool = False
    ordered: bool = True
    grouped: bool = False


def instance(
    *lines: str,
    name: str = "edge",
    form: str = "10.0.1.{}",
    nodes: str = "ab",
    number: int = 51,
    advert_int: float = 0.25,
) -> str:
    """Return the tables of an instance; `form` is how its nodes' addresses are spelled."""
    tables = [
        f"[instance.{name}]",
        'provider = "aws"',
        'interface = "eth0"',
        f"virtual_router_id = {number}",
        f"advert_int = {advert_int:g}",
        *lines,
    ]
    for node in nodes:
        tables += [
            f"[[instance.{name}.node]]",
            f'name = "{node}"',
            f'address = "{form.format(NUMBERS[node])}"',
            f"priority = {PRIORITIES[node]}",
        ]
    return "\n".join([*tables, ""])


def claim(**values: str) -> str:
    return "\n".join(["[[instance.edge.claim]]", *(f"{k} = {v}" for k, v in values.items()), ""])


def authenticated(kind: str) -> str:
    """Return a pair with a secret, in VRRP version 2: its shortest interval is a second."""
    secret = f'authentication = {{ type = "{kind}", secret_file = "{SECRET_FILE}" }}'
    return VERSION_2 + instance(PLAIN, secret, advert_int=1)


SLOW = ("pass", "ah", "three-nodes", "three-nodes-ipv6")  # cases, in any file
IPV6 = "fd00:0:0:1::{}"
VERSION_2 = "[keepalived]\nvrrp_version = 2\n"
OFF = "use_vmac = false"
BOTH = f'virtual_ipaddress = ["{VIP}", "{VIP6}"]'
GROUP = '[vrrp_sync_group.both]\ninstances = ["v4", "v6"]\n'
DUAL = instance(PLAIN, name="v4") + instance(PLAIN6, name="v6", form=IPV6)
ZONES = "\n".join(
    line.replace("10.0.1.11", "10.0.2.11") for line in instance().splitlines()
)  # as `Nodes(zones=True)` numbers them

CASES: Mapping[str, Case] = {
    "pass": Case(toml=authenticated("PASS"), held=ON_LO),
    # A heal by the turn of adverts reads protocol 112; AH is 51.
    "ah": Case(toml=authenticated("AH"), held=ON_LO, ordered=False),
    "ipv4": Case(toml=instance(PLAIN), held=ON_LO),
    "ipv4-claimed": Case(
        toml=instance() + claim(kind='"private-ip"', address=f'"{VIP}"'), held=ON_LO
    ),
    "ipv6": Case(toml=instance(PLAIN6, form=IPV6), held=ON_LO6),
    "ipv6-in-full": Case(
        toml=instance(
            'virtual_ipaddress = ["FD00:0000:0000:0001:0000:0000:0000:0100/128"]',
            form="fd00:0000:0000:0001:0000:0000:0000:00{}",
        ),
        held=ON_LO6,
    ),
    "ipv4-mapped": Case(
        toml=instance(f'virtual_ipaddress = ["::ffff:{VIP}"]', form="::ffff:10.0.1.{}"), held=ON_LO
    ),
    "mixed": Case(toml=instance(BOTH), held=ON_LO | ON_LO6),
    "mixed-over-ipv6": Case(toml=instance(BOTH, form=IPV6), held=ON_LO | ON_LO6),
    "other-family-only": Case(toml=instance(PLAIN6), held={**PLACEHOLDER, **ON_LO6}),
    "excluded": Case(
        toml=instance(PLAIN, 'virtual_ipaddress_excluded = ["10.0.1.101"]'),
        held=ON_LO | {"10.0.1.101/32": Held("lo")},
    ),
    "no-vmac": Case(toml=instance(PLAIN, OFF), held={f"{VIP}/32": Held("eth0")}),
    "no-vmac-ipv6": Case(toml=instance(PLAIN6, OFF, form=IPV6), held=ON_LO6),
    "no-vmac-mixed": Case(toml=instance(BOTH, OFF), held={f"{VIP}/32": Held("eth0")} | ON_LO6),
    "no-address": Case(
        toml=instance() + claim(kind='"public-ip"', address='"203.0.113.7"'), held=PLACEHOLDER
    ),
    "no-address-ipv6": Case(toml=instance("virtual_ipaddress = []", form=IPV6), held=PLACEHOLDER6),
    "zones": Case(
        toml=ZONES
        + "\n"
        + claim(kind='"route"', destination='"10.99.0.5/32"', tables='["rtb-0a"]'),
        held={"10.99.0.5/32": Held("lo")},
        zones=True,
    ),
    # A slower beat: two take over within half of it, and a busy machine must not swap them.
    "three-nodes": Case(toml=instance(PLAIN, nodes="abc", advert_int=0.5), held=ON_LO, nodes="abc"),
    "three-nodes-ipv6": Case(
        toml=instance(PLAIN6, form=IPV6, nodes="abc", advert_int=0.5), held=ON_LO6, nodes="abc"
    ),
    "preempt": Case(toml=instance(PLAIN, "nopreempt = false"), held=ON_LO, preempts=True),
    "preempt-delay": Case(toml=instance(PLAIN, "preempt_delay = 1"), held=ON_LO, preempts=True),
    "sync-group": Case(
        toml=DUAL + GROUP, held=ON_LO | ON_LO6, instances=("v4", "v6"), ordered=False, grouped=True
    ),
    "file-per-instance": Case(
        toml="[keepalived]\nfile_per_instance = true\n" + DUAL,
        held=ON_LO | ON_LO6,
        instances=("v4", "v6"),
        ordered=False,
    ),
}
