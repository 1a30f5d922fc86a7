"""The `[provider.aws]` table."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class AwsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the cloud is, and as whom to call it. Everything may be left out on an instance."""

    region: Annotated[
        str,
        Meta(
            description="Must be the instance's region; default: what its metadata says.",
            examples=["eu-central-1"],
        ),
    ] = ""
    endpoint: Annotated[
        str,
        Meta(
            description="URL of the EC2 API, for a private endpoint or a rehearsal. "
            "One outside amazonaws.com serves STS as well. "
            "Default: AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, then the region's own.",
            examples=["https://vpce-0a1b.ec2.eu-central-1.vpce.amazonaws.com"],
        ),
    ] = ""
    profile: Annotated[
        str, Meta(description="Profile of the AWS configuration files.", examples=["failover"])
    ] = ""
    role_arn: Annotated[
        str,
        Meta(
            description="Role to assume for every call; a route claim's own `role_arn` wins, and "
            "is assumed from the node's own credentials.",
            examples=["arn:aws:iam::123456789012:role/cloudfail"],
        ),
    ] = ""
    credentials_file: Annotated[
        str,
        Meta(
            description="AWS credentials file, readable by its owner only (0600). Where it is root's, the "
            "agent reads the copy that `load_credential` gives it.",
            examples=["/etc/cloudfail/aws-credentials"],
        ),
    ] = ""
    ca_bundle: Annotated[
        str,
        Meta(
            description="PEM file with the authorities to trust, for a private endpoint or proxy.",
            examples=["/etc/ssl/certs/private-ca.pem"],
        ),
    ] = ""
