"""Every operation this provider calls, and how often EC2 lets an account call it.

Source of the limits: Amazon EC2 API reference, "Request throttling for the Amazon EC2 API".
"""

from __future__ import annotations

from cloudfail.throttle import Limit

READS = (
    "DescribeAddresses",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeInstanceTypes",
)
WRITES = (
    "AssociateAddress",
    "AssignPrivateIpAddresses",
    "AssignIpv6Addresses",
    "UnassignIpv6Addresses",
    "ReplaceRoute",
    "CreateRoute",
)
OPERATIONS = {"ec2": READS + WRITES, "sts": ("AssumeRole",)}

# A bucket for each action, shared by everything in the account and region.
DEFAULT_READ = Limit(capacity=100, refill=20)
DEFAULT_WRITE = Limit(capacity=50, refill=5)
LIMITS = {
    "AssignPrivateIpAddresses": Limit(capacity=100, refill=5),
    "AssignIpv6Addresses": Limit(capacity=100, refill=5),
}


def is_mutating(operation: str) -> bool:
    """True unless the operation is known only to look."""
    return not operation.startswith("Describe") and operation != "AssumeRole"
