"""A case for doctor's checks, from the text of a cloudfail.toml; and adverts as the wire gives them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

from cloudfail.config import load
from cloudfail.doctor import Case, Check, Machine, Status
from cloudfail.keepalived.generate import site_of
from cloudfail.keepalived.version import Version
from cloudfail.keepalived.wire import Advert, Authentication, Checksum

VERSION = Version(2, 2, 7)
A, B, STRANGER = "10.0.1.10", "10.0.1.11", "10.0.9.9"
PAIR = """
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
{instance}

[[instance.edge.node]]
name = "a"
address = "10.0.1.10"
priority = 150
interface_id = "eni-0a"

[[instance.edge.node]]
name = "b"
address = "10.0.1.11"
priority = 100
interface_id = "eni-0b"

{claims}
[provider.aws]
region = "eu-central-1"

{more}
"""
CLAIM = """
[[instance.edge.claim]]
kind = "private-ip"
address = "10.0.1.100"
"""


def pair(instance: str = "", more: str = "", claims: str = CLAIM) -> str:
    return PAIR.format(instance=instance, more=more, claims=claims)


def second_instance() -> str:
    """The tables of another instance of the same nodes, VRID 52."""
    text = PAIR.format(instance="", more="", claims="").partition("[provider.aws]")[0]
    return text.replace("edge", "core").replace("51", "52")


def machine_of(
    path: Path, text: str = "", node: str = "a", version: Version | None = VERSION
) -> Machine:
    """What `root` is beneath, is beneath `path`."""
    file = path / "cloudfail.toml"
    file.write_text(text or pair())
    config = load(file, {})
    site = site_of(config, node, version) if node and version else None
    return Machine(config=config, site=site, version=version, root=path / "root")


def case_of(path: Path, text: str = "", node: str = "a") -> Case:
    machine = machine_of(path, text, node)
    instance = machine.config.instances["edge"]
    me = next((one for one in instance.nodes if one.name == node), None)
    return Case(machine=machine, instance=instance, me=me)


def advert(source: str, t: float, **more: object) -> Advert:
    """An advert of the pair's virtual router as node b's 2.2.7 sends it, with one VIP."""
    values: dict[str, object] = {
        "device": "eth0",
        "outgoing": False,
        "ttl": 255,
        "version": 3,
        "virtual_router_id": 51,
        "priority": 150 if source == A else 100,
        "interval": 1.0,
        "authentication": Authentication.NONE,
        "addresses": (ip_address("10.0.1.100"),),
        "checksum": Checksum.OK,
        **more,
    }
    values.setdefault("destination", ip_address(B if source == A else A))
    return Advert(t=t, source=ip_address(source), **values)  # type: ignore[arg-type]


def every(source: str, *times: float, **more: object) -> list[Advert]:
    return [advert(source, t, **more) for t in times]


def own(*times: float, source: str = A, **more: object) -> list[Advert]:
    return every(source, *times, outgoing=True, **more)


def of_status(checks: Iterable[Check], status: Status) -> list[str]:
    return [f"{one.subject}: {one.message}" for one in checks if one.status is status]


def failures(checks: Iterable[Check]) -> list[str]:
    return of_status(checks, Status.FAILED)
