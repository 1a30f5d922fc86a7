"""Google Cloud: forwarding rules, routes and addresses, through Compute's API and the metadata server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudfail.errors import ProviderMissingError
from cloudfail.imports import defer, uncollected
from cloudfail.model import Claim, Node, Step
from cloudfail.notice import Notices
from cloudfail.provider import Permission, Provider, ProviderSpec, Setup

from cloudfail_gcp.settings import GcpSettings

_MISSING = (
    "the Google Cloud provider needs google-cloud-compute ({} is missing): "
    "pip install 'cloudfail[gcp]'"
)


def _build(setup: Setup) -> Provider:
    from cloudfail_gcp.machine import Machine

    machine = Machine(setup)
    # Before the SDK: the metadata server answers while that is still being imported.
    machine.look_ahead()
    with uncollected():
        try:
            defer("google.cloud.compute_v1")  # it would import 140 clients, of which ten are called
            from cloudfail_gcp.provider import GcpProvider
        except ImportError as exc:
            raise ProviderMissingError(_MISSING.format(exc.name)) from exc
    return GcpProvider(setup, machine)


def _render(step: Step) -> Sequence[str]:
    from cloudfail_gcp.render import render

    return render(step)


def _validate(claims: Sequence[Claim]) -> Sequence[str]:
    from cloudfail_gcp.validate import validate

    return validate(claims)


def _permissions(claims: Sequence[Claim]) -> Sequence[Permission]:
    from cloudfail_gcp.policy import permissions

    return permissions(claims)


def _policy(claims: Sequence[Claim], settings: Any) -> Mapping[str, str]:
    from cloudfail_gcp.policy import policy

    return policy(claims, settings or GcpSettings())


def _terraform(claims: Sequence[Claim], settings: Any) -> Mapping[str, str]:
    from cloudfail_gcp.policy import terraform

    return terraform(claims, settings or GcpSettings())


def _notices(settings: Any) -> Notices:
    from cloudfail_gcp.notices import GcpNotices

    del settings
    return GcpNotices()


def _environment(settings: Any, node: Node) -> Mapping[str, str]:
    from cloudfail_gcp.render import environment

    return environment(settings or GcpSettings(), node)


SPEC = ProviderSpec(
    name="gcp",
    summary="Forwarding rules, routes, alias ranges and external addresses of Google Cloud",
    extra="gcp",
    kinds=frozenset({"forwarding-rule", "private-ip", "public-ip", "route"}),
    settings=GcpSettings,
    build=_build,
    render=_render,
    validate=_validate,
    permissions=_permissions,
    policy=_policy,
    terraform=_terraform,
    deadline=120.0,
    secondary_ranges=True,
    environment=_environment,
    notices=_notices,
)
