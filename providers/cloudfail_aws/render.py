"""A step as the command line of the vendor's own tool, versions 1 and 2."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cloudfail.model import Node, Step

from cloudfail_aws.settings import AwsSettings


def render(step: Step) -> Sequence[str]:
    """Return the argv of `aws ec2 ...`; the caller quotes it. Region and profile are not in it."""
    argv = ["aws", "ec2", _kebab(step.call)]
    for name, value in step.params.items():
        flag = f"--{_kebab(name)}"
        if value is True:
            argv.append(flag)
        elif isinstance(value, list | tuple):
            argv += [flag, *map(str, value)]
        else:
            argv += [flag, str(value)]
    return argv


def environment(settings: AwsSettings, node: Node) -> Mapping[str, str]:
    """Return the variables with which `aws` calls the same API, as the same profile.

    Version 1 reads AWS_DEFAULT_REGION only; in version 2 AWS_REGION wins over it.
    """
    region = settings.region or node.facts.get("region", "")
    found = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL_EC2": settings.endpoint,
        "AWS_PROFILE": settings.profile,
        "AWS_SHARED_CREDENTIALS_FILE": settings.credentials_file,
        "AWS_CA_BUNDLE": settings.ca_bundle,
    }
    return {name: value for name, value in found.items() if value}


def _kebab(name: str) -> str:
    """Turn an API name into the tool's: `AssignIpv6Addresses` -> `assign-ipv6-addresses`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
