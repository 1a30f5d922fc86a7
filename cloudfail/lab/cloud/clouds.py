"""The clouds that the lab can embed, by the name of their provider."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.interface import EmbeddedCloud


class Kind(msgspec.Struct, frozen=True):
    """`package` is what the extra `lab` must have installed for it."""

    title: str
    package: str
    load: Callable[[], type[EmbeddedCloud]]


def _aws() -> type[EmbeddedCloud]:
    from cloudfail.lab.cloud.aws.embedded import EmbeddedAws

    return EmbeddedAws


def _gcp() -> type[EmbeddedCloud]:
    from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp

    return EmbeddedGcp


def _azure() -> type[EmbeddedCloud]:
    from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure

    return EmbeddedAzure


CLOUDS = {
    "aws": Kind("AWS", "moto", _aws),
    "gcp": Kind("Google Cloud", "googleapiclient", _gcp),
    "azure": Kind("Azure", "trustme", _azure),
}


def kind_of(provider: str) -> Kind:
    """UsageError for a cloud that the lab cannot embed."""
    if provider not in CLOUDS:
        raise UsageError(f"the lab has no embedded {provider}; there is {', '.join(CLOUDS)}")
    return CLOUDS[provider]
