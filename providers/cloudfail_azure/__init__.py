"""Azure: routes, public and private addresses, through Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudfail.errors import ProviderMissingError
from cloudfail.imports import uncollected
from cloudfail.model import Claim, Node, Step
from cloudfail.notice import Notices
from cloudfail.provider import Permission, Provider, ProviderSpec, Setup

from cloudfail_azure.settings import AzureSettings

_MISSING = (
    "the Azure provider needs azure-mgmt-network and azure-identity ({} is missing): "
    "pip install 'cloudfail[azure]'"
)


def _build(setup: Setup) -> Provider:
    from cloudfail_azure.machine import Machine

    machine = Machine(setup)
    # Before the SDK: the metadata service answers while that is still being imported.
    machine.look_ahead()
    with uncollected():
        try:
            from cloudfail_azure.provider import AzureProvider
        except ImportError as exc:
            raise ProviderMissingError(_MISSING.format(exc.name)) from exc
    return AzureProvider(setup, machine)


def _render(step: Step) -> Sequence[str]:
    from cloudfail_azure.render import render

    return render(step)


def _validate(claims: Sequence[Claim]) -> Sequence[str]:
    from cloudfail_azure.validate import validate

    return validate(claims)


def _permissions(claims: Sequence[Claim]) -> Sequence[Permission]:
    from cloudfail_azure.policy import permissions

    return permissions(claims)


def _policy(claims: Sequence[Claim], settings: Any) -> Mapping[str, str]:
    from cloudfail_azure.policy import policy

    return policy(claims, settings or AzureSettings())


def _terraform(claims: Sequence[Claim], settings: Any) -> Mapping[str, str]:
    from cloudfail_azure.policy import terraform

    return terraform(claims, settings or AzureSettings())


def _notices(settings: Any) -> Notices:
    from cloudfail_azure.notices import AzureNotices

    del settings
    return AzureNotices()


def _environment(settings: Any, node: Node) -> Mapping[str, str]:
    from cloudfail_azure.render import environment

    return environment(settings or AzureSettings(), node)


SPEC = ProviderSpec(
    name="azure",
    summary="Routes, public and private addresses of Azure",
    extra="azure",
    kinds=frozenset({"private-ip", "public-ip", "route"}),
    settings=AzureSettings,
    build=_build,
    render=_render,
    validate=_validate,
    permissions=_permissions,
    policy=_policy,
    terraform=_terraform,
    notices=_notices,
    deadline=600.0,
    environment=_environment,
)
