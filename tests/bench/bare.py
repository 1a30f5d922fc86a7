"""The floor: the vendor's client library alone, warm, asked for the same call by a line.

A process of its own, as the agent is one. Writes for each line when it called, in CLOCK_MONOTONIC.
"""

from __future__ import annotations

import sys
import time

from cloudfail_aws.sdk import Clients
from cloudfail_aws.settings import AwsSettings


def main(allocation: str, interface: str, region: str) -> None:
    clients = Clients(AwsSettings(region=region), region=lambda: region, role_keys=lambda: None)
    client = clients.ec2()
    client.describe_addresses()
    for _ in iter(sys.stdin.readline, ""):
        at = time.monotonic()
        client.associate_address(
            AllocationId=allocation, NetworkInterfaceId=interface, AllowReassociation=True
        )
        sys.stdout.write(f"{at!r}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
