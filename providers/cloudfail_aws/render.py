"""A step as the command line of the vendor's own tool, versions 1 and 2."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cloudfail.model import Node, Route, Step

from cloudfail_aws.arn import is_aws
from cloudfail_aws.settings import AwsSettings

# Keys in the environment of one command only; a profile would not matter beside them, but may
# name a role of its own.
_AS_ROLE = """\
keys=$(aws sts assume-role --role-arn "$1" --role-session-name cloudfail \
--query "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]" --output text) || exit
shift; set -- $keys "$@"
export AWS_ACCESS_KEY_ID="$1" AWS_SECRET_ACCESS_KEY="$2" AWS_SESSION_TOKEN="$3"
shift 3; unset AWS_PROFILE AWS_DEFAULT_PROFILE; exec "$@"\
"""


def render(step: Step) -> Sequence[str]:
    """Return the argv of `aws ec2 ...`; the caller quotes it. Region and profile are not in it.

    A step whose claim names a role becomes a `sh -c` that assumes it for this command.
    """
    role_arn = next((claim.role_arn for claim in step.claims if isinstance(claim, Route)), "")
    prefix = ["sh", "-c", _AS_ROLE, "as-role", role_arn] if role_arn else []
    argv = [*prefix, "aws", "ec2", _kebab(step.call)]
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
    serves_sts = bool(settings.endpoint) and not is_aws(settings.endpoint)
    found = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_ENDPOINT_URL_EC2": settings.endpoint,
        "AWS_ENDPOINT_URL_STS": settings.endpoint if serves_sts else "",
        "AWS_PROFILE": settings.profile,
        "AWS_SHARED_CREDENTIALS_FILE": settings.credentials_file,
        "AWS_CA_BUNDLE": settings.ca_bundle,
    }
    return {name: value for name, value in found.items() if value}


def _kebab(name: str) -> str:
    """Turn an API name into the tool's: `AssignIpv6Addresses` -> `assign-ipv6-addresses`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
