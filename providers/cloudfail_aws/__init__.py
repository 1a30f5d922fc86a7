"""AWS: Elastic IPs, secondary private addresses and routes, through network interfaces only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudfail.errors import ProviderMissingError
from cloudfail.imports import uncollected
from cloudfail.model import Claim, Node, Step
from cloudfail.notice import Notices
from cloudfail.provider import Permission, Provider, ProviderSpec, Setup

from cloudfail_aws.settings import AwsSettings

_MISSING = "the AWS provider needs boto3 ({} is missing): pip install 'cloudfail[aws]'"


def _build(setup: Setup) -> Provider:
    from cloudfail_aws.machine import Machine

    machine = Machine(setup)
    # Before the SDK: the metadata service answers while that is still being imported.
    machine.look_ahead()
    with uncollected():
        try:
            from cloudfail_aws.provider import AwsProvider
        except ImportError as exc:
            raise ProviderMissingError(_MISSING.format(exc.name)) from exc
    return AwsProvider(setup, machine)


def _render(step: Step) -> Sequence[str]:
    from cloudfail_aws.render import render

    return render(step)


def _validate(claims: Sequence[Claim]) -> Sequence[str]:
    from cloudfail_aws.validate import validate

    return validate(claims)


def _permissions(claims: Sequence[Claim]) -> Sequence[Permission]:
    from cloudfail_aws.policy import permissions

    return permissions(claims)


def _policy(claims: Sequence[Claim], settings: Any) -> Mapping[str, str]:
    from cloudfail_aws.policy import policy

    return policy(claims, settings or AwsSettings())


def _notices(settings: Any) -> Notices:
    from cloudfail_aws.metadata import Metadata
    from cloudfail_aws.notices import AwsNotices

    del settings
    return AwsNotices(Metadata())


def _environment(settings: Any, node: Node) -> Mapping[str, str]:
    from cloudfail_aws.render import environment

    return environment(settings or AwsSettings(), node)


SPEC = ProviderSpec(
    name="aws",
    summary="Elastic IPs, private addresses and routes of AWS EC2",
    extra="aws",
    kinds=frozenset({"public-ip", "private-ip", "route"}),
    settings=AwsSettings,
    build=_build,
    render=_render,
    validate=_validate,
    permissions=_permissions,
    policy=_policy,
    deadline=30.0,
    environment=_environment,
    notices=_notices,
)
