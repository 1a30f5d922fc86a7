"""What a rehearsal has to know of the cloud it is played on: one file a cloud."""

from __future__ import annotations

from collections.abc import Callable

from cloudfail.errors import UsageError
from cloudfail.lab.terrain.terrain import Terrain


def _aws() -> Terrain:
    from cloudfail.lab.terrain.aws import AWS

    return AWS


def _gcp() -> Terrain:
    from cloudfail.lab.terrain.gcp import GCP

    return GCP


def _azure() -> Terrain:
    from cloudfail.lab.terrain.azure import AZURE

    return AZURE


_TERRAINS: dict[str, Callable[[], Terrain]] = {"aws": _aws, "gcp": _gcp, "azure": _azure}


def terrain_of(provider: str) -> Terrain:
    """UsageError for a cloud that nothing is rehearsed on."""
    if provider not in _TERRAINS:
        raise UsageError(
            f"nothing is rehearsed on {provider}; there are {', '.join(_TERRAINS)}: "
            "--provider takes one of them"
        )
    return _TERRAINS[provider]()


__all__ = ["Terrain", "terrain_of"]
