from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from cloudfail import registry
from cloudfail.errors import ProviderMissingError
from cloudfail.model import Claim
from cloudfail.provider import ProviderSpec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    region: str = ""
    credentials_file: str = ""
    endpoint: str = ""
    retries: int = 0


class Strict(msgspec.Struct, frozen=True, kw_only=True):
    project: str


def _spec(
    name: str,
    settings: type[msgspec.Struct],
    validate: Callable[[Sequence[Claim]], Sequence[str]] = lambda _claims: (),
    kinds: frozenset[str] = frozenset({"public-ip", "private-ip", "route"}),
) -> ProviderSpec:
    def unused(*_: object) -> object:
        raise AssertionError("reading a file needs no cloud")

    return ProviderSpec(
        name=name,
        summary="",
        extra=name,
        kinds=kinds,
        settings=settings,
        build=unused,  # type: ignore[arg-type]
        render=unused,  # type: ignore[arg-type]
        validate=validate,
        permissions=unused,  # type: ignore[arg-type]
        policy=unused,  # type: ignore[arg-type]
    )


def _one_public_ip(claims: Sequence[Claim]) -> Sequence[str]:
    public = [claim for claim in claims if claim.kind == "public-ip"]
    return ["two public addresses want the primary address"] if len(public) > 1 else ()


SPECS: Mapping[str, ProviderSpec] = {
    "cloud": _spec("cloud", Settings),
    "single": _spec("single", Settings, _one_public_ip, frozenset({"public-ip"})),
    "strict": _spec("strict", Strict),
    "ranged": msgspec.structs.replace(_spec("ranged", Settings), secondary_ranges=True),
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only these providers are installed."""

    def load(name: str) -> ProviderSpec:
        if name not in SPECS:
            raise ProviderMissingError(f"no provider named {name!r}; known: cloud")
        return SPECS[name]

    listed = {
        name: registry.Listed(name=name, distribution="cloudfail", version="1", spec=spec)
        for name, spec in SPECS.items()
    }
    monkeypatch.setattr(registry, "load", load)
    monkeypatch.setattr(registry, "available", lambda: listed)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def to_file(text: str) -> Path:
        path = tmp_path / "cloudfail.toml"
        path.write_text(text)
        return path

    return to_file
