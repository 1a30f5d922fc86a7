"""The parts of Amazon Resource Names, and of AWS's own URLs."""

from __future__ import annotations

from urllib.parse import urlsplit

# Source: botocore's partitions.json; a test compares them with it.
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
}
DNS_SUFFIXES = (
    "amazonaws.com",
    "api.aws",
    "amazonaws.com.cn",
    "api.amazonwebservices.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
)


def partition_of(region: str) -> str:
    """Return the ARN's partition: China, GovCloud and the like are clouds of their own."""
    found = (name for start, name in _PARTITIONS.items() if region.startswith(start))
    return next(found, "aws")


def account_of(role_arn: str) -> str:
    """Return the account id in a role's ARN; empty when there is none."""
    parts = role_arn.split(":")
    return parts[4] if len(parts) > 5 else ""  # noqa: PLR2004 - arn:partition:iam::account:role/x


def is_aws(url: str) -> bool:
    """True for a URL of AWS itself, a private endpoint's included."""
    host = urlsplit(url).hostname or ""
    return host.endswith(tuple(f".{suffix}" for suffix in DNS_SUFFIXES))
