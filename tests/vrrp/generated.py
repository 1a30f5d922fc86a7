"""Nodes that run what `cloudfail generate` writes from one cloudfail.toml, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_interface
from pathlib import Path

from cloudfail.config import load
from cloudfail.keepalived.generate import Generated, files_of, secret_of, site_of
from cloudfail.keepalived.generate.host import sysctl_settings
from cloudfail.keepalived.version import installed_version

from vrrp.inside import set_sysctls
from vrrp.node import Node
from vrrp.nodes import Nodes

SECRET_FILE = "@secret@"  # stands in a toml for the place of the secret
_FAR = ("198.51.100.1", "2001:db8:ffff::1")
_FOREVER = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Held:
    """An address as the node's kernel has it."""

    device: str
    deprecated: bool = False
    forever: bool = True


def install(
    nodes: Nodes, toml: str, directory: Path, secrets: Mapping[str, str] | None = None
) -> None:
    """Generate every node's files from the toml, each with its secret, and put them there.

    As on a real node, the settings of the generated sysctl file are in force.
    """
    version = installed_version()
    assert version is not None
    for name in nodes.ports:
        path = _written(toml, directory / name, (secrets or {}).get(name, "s3cr3t78"))
        site = site_of(load(path, {}), name, version)
        put(nodes[name], files_of(site, secret_of))
        settings = (f"{key}={value}" for key, value in sysctl_settings(site).items())
        set_sysctls(nodes[name].pid, settings)


def put(node: Node, generated: Generated) -> None:
    """Write the files, and make what sysusers.d and tmpfiles.d among them say, but for the FIFO."""
    for file in generated.files:
        node.write(file.path, file.text, file.mode)
    for name, line in (
        ("passwd", "cloudfail:x:990:990::/:/usr/sbin/nologin"),
        ("group", "cloudfail:x:990:"),
    ):
        node.write(f"/etc/{name}", f"{Path('/etc', name).read_text()}{line}\n")
    node.path("/run/cloudfail/handover").mkdir(parents=True, exist_ok=True)


def holds(node: Node) -> dict[str, Held]:
    """Return the addresses of the node with their prefix lengths, as `10.0.1.100/32`."""
    found = json.loads(node.run("ip", "-json", "address").stdout)
    return {
        str(ip_interface(f"{one['local']}/{one['prefixlen']}")): Held(
            device["ifname"],
            one.get("deprecated", False),
            one["preferred_life_time"] == _FOREVER,
        )
        for device in found
        for one in device["addr_info"]
    }


def sources(node: Node) -> set[str]:
    """Return the addresses that the node's own packets to the outside have, one per family."""
    asked = (node.run("ip", "-json", "route", "get", far) for far in _FAR)
    return {json.loads(one.stdout)[0]["prefsrc"] for one in asked}


def _written(toml: str, directory: Path, secret: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    held = directory / "edge.secret"
    held.touch(0o600)
    held.write_text(f"{secret}\n")
    path = directory / "cloudfail.toml"
    path.write_text(toml.replace(SECRET_FILE, str(held)))
    return path
