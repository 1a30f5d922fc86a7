"""What an operator would write with Microsoft's client: move one thing, and wait.

    python script.py CLOUD INTERVAL route GROUP TABLE ROUTE PREFIX NEXT_HOP
    python script.py CLOUD INTERVAL public-ip GROUP OLD_NIC NEW_NIC CONFIG PUBLIC_IP_ID
    python script.py CLOUD INTERVAL private-ip GROUP OLD_NIC NEW_NIC CONFIG

CLOUD is `ENDPOINT,CA_FILE,SUBSCRIPTION`; INTERVAL the seconds between two polls, "" the client's
own.
"""

from __future__ import annotations

import sys
from typing import Any

from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import NetworkManagementClient, models

SCOPE = "https://management.azure.com/.default"


def main(cloud: str, interval: str, kind: str, *words: str) -> None:
    endpoint, ca_file, subscription = cloud.split(",")
    polling: dict[str, Any] = {"polling_interval": float(interval)} if interval else {}
    client = NetworkManagementClient(
        ManagedIdentityCredential(),
        subscription,
        base_url=endpoint,
        connection_verify=ca_file,
        credential_scopes=[SCOPE],
        **polling,
    )
    {"route": _route, "public-ip": _public_ip, "private-ip": _private_ip}[kind](client, *words)


def _route(client: NetworkManagementClient, *words: str) -> None:
    group, table, name, prefix, hop = words
    properties = models.RoutePropertiesFormat(
        address_prefix=prefix, next_hop_type="VirtualAppliance", next_hop_ip_address=hop
    )
    route = models.Route(properties=properties)
    client.routes.begin_create_or_update(group, table, name, route).result()


def _public_ip(client: NetworkManagementClient, *words: str) -> None:
    group, old, new, config, public = words
    theirs = client.network_interfaces.get(group, old)
    _config(theirs, config).public_ip_address = None
    _put(client, group, old, theirs)
    ours = client.network_interfaces.get(group, new)
    _config(ours, config).public_ip_address = models.PublicIPAddress(id=public)
    _put(client, group, new, ours)


def _private_ip(client: NetworkManagementClient, *words: str) -> None:
    group, old, new, config = words
    theirs = client.network_interfaces.get(group, old)
    moving = _config(theirs, config)
    theirs.ip_configurations.remove(moving)
    _put(client, group, old, theirs)
    ours = client.network_interfaces.get(group, new)
    ours.ip_configurations.append(moving)
    _put(client, group, new, ours)


def _config(nic: Any, name: str) -> Any:
    return next(one for one in nic.ip_configurations if one.name == name)


def _put(client: NetworkManagementClient, group: str, name: str, nic: Any) -> None:
    client.network_interfaces.begin_create_or_update(group, name, nic).result()


if __name__ == "__main__":
    main(*sys.argv[1:])
