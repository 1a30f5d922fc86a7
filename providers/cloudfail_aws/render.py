"""A step as the command line of the vendor's own tool, versions 1 and 2."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cloudfail.model import Step


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


def _kebab(name: str) -> str:
    """Turn an API name into the tool's: `AssignIpv6Addresses` -> `assign-ipv6-addresses`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
