"""What is there before the first node: the router, and the embedded cloud with a world in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cloudfail.errors import CloudfailError
from cloudfail.lab.cloud.interface import BuiltWorld
from cloudfail.lab.cloudlink import CloudProcess
from cloudfail.lab.network import API_ADDRESS, METADATA_ADDRESS, Network
from cloudfail.lab.terrain import terrain_of
from cloudfail.lab.topology import Topology

API_PORT = 4566


class Ground:
    """Of the namespaces that this process is in. `lay` and `config` are for others to override."""

    def __init__(self, provider: str, home: Path) -> None:
        self.cloud = CloudProcess(provider, home / "cloud.log")
        self._terrain = terrain_of(provider)
        self._home = home
        self._network: Network | None = None

    @property
    def network(self) -> Network:
        if self._network is None:
            raise CloudfailError("the lab's network is not up")
        return self._network

    @property
    def is_open(self) -> bool:
        return self._network is not None

    def open(self) -> None:
        """Set the router up, and start the cloud on it: still empty."""
        self._home.mkdir(parents=True, exist_ok=True)
        blank = Network()
        blank.open()
        self._network = blank
        self.cloud.open(API_ADDRESS, API_PORT, f"{METADATA_ADDRESS}:80")

    def close(self) -> None:
        self.cloud.close()
        if self._network is not None:
            self._network.close()
        self._network = None

    def lay(self, topology: Topology) -> BuiltWorld:
        """Return the world that the nodes are to find, whoever has to make it."""
        built: BuiltWorld = self.cloud.control.build(self._terrain.world(topology))
        return built

    def config(self, topology: Topology, built: Any, endpoint: str, ca_file: str) -> str:
        """Return cloudfail.toml for the nodes of that world; arguments as of `Terrain.config`."""
        return self._terrain.config(topology, built, endpoint, ca_file)
