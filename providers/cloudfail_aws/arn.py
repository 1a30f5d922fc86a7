"""The parts of Amazon Resource Names."""

from __future__ import annotations


def partition_of(region: str) -> str:
    """Return the ARN's partition: China and GovCloud are clouds of their own."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def account_of(role_arn: str) -> str:
    """Return the account id in a role's ARN; empty when there is none."""
    parts = role_arn.split(":")
    return parts[4] if len(parts) > 5 else ""  # noqa: PLR2004 - arn:partition:iam::account:role/x
