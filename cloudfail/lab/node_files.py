"""What is on a lab node's disks before it boots for the first time."""

from __future__ import annotations

from pathlib import Path

from cloudfail.config.environment import variable
from cloudfail.lab import kernel
from cloudfail.lab.keepalived_conf import host_file, keepalived_conf
from cloudfail.lab.machine import DISKS, Machine
from cloudfail.lab.node import SYSCTL, TMPFILES
from cloudfail.lab.topology import Topology

CA_FILE = "/etc/cloudfail/ca.pem"
_DISK_SIZE = "size=4m,mode=755"


def write(machine: Machine, topology: Topology, config: str, ca_file: str) -> None:
    """Write the node's cloudfail.toml and what follows from it; mount the disks that can be full.

    `ca_file` is a file of this machine's, for CA_FILE on the node; "": the API has no TLS.
    """
    etc = machine.home / "etc"
    toml = etc / "cloudfail.toml"
    toml.write_text(config)
    if ca_file:
        (etc / Path(CA_FILE).name).write_bytes(Path(ca_file).read_bytes())
    here = {variable(topology.provider, "ca_file"): ca_file} if ca_file else {}
    (etc / "keepalived.conf").write_text(keepalived_conf(topology, toml, machine.name, here))
    for part, directory in ((SYSCTL, "/etc/sysctl.d"), (TMPFILES, "/etc/tmpfiles.d")):
        file = machine.home / part / "60-cloudfail.conf"
        file.write_text(host_file(toml, machine.name, directory, here))
    for part in DISKS:  # of its own size, so that it can be full
        kernel.mount("tmpfs", str(machine.home / part), _DISK_SIZE)
