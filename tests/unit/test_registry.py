"""Plugins are found by entry point; a broken one is listed as broken and harms no other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cloudfail import registry
from cloudfail.errors import ProviderMissingError

GOOD = """
import msgspec
from cloudfail.provider import ProviderSpec

class Settings(msgspec.Struct, frozen=True):
    region: str = ""

def _unused(*args):
    raise NotImplementedError

SPEC = ProviderSpec(
    name="good", summary="a test", extra="good", kinds=frozenset({"public-ip"}),
    settings=Settings, build=_unused, render=_unused, validate=_unused,
    permissions=_unused, policy=_unused, api=API,
)
"""


def install(root: Path, name: str, module: str, source: str, *, dist: str = "") -> None:
    dist = dist or f"plugin-{name}"
    (root / f"{module}.py").write_text(source)
    info = root / f"{dist.replace('-', '_')}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(f"[cloudfail.providers]\n{name} = {module}:SPEC\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def fresh_modules() -> None:
    for module in [name for name in sys.modules if name.startswith("plug_")]:
        del sys.modules[module]


def test_an_installed_plugin_is_found_by_name(site: Path) -> None:
    install(site, "good", "plug_good", GOOD.replace("api=API", "api=1"))
    assert registry.load("good").name == "good"
    listed = registry.available()["good"]
    assert (listed.distribution, listed.version, listed.problem) == ("plugin-good", "1.2", "")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("import no_such_sdk\n", "does not import: ModuleNotFoundError"),
        ("raise ValueError('boom')\n", "ValueError: boom"),
        ("SPEC = 1\n", "is not a ProviderSpec"),
        (GOOD.replace("api=API", "api=99"), "speaks plugin API 99"),
    ],
)
def test_a_broken_plugin_is_listed_and_harms_no_other(
    site: Path, source: str, problem: str
) -> None:
    install(site, "broken", "plug_broken", source)
    install(site, "good", "plug_good", GOOD.replace("api=API", "api=1"))
    found = registry.available()
    assert problem in found["broken"].problem
    assert found["broken"].spec is None
    assert registry.load("good").name == "good"
    with pytest.raises(ProviderMissingError, match="'broken' is broken"):
        registry.load("broken")


def test_two_distributions_for_one_name_are_refused(site: Path) -> None:
    install(site, "good", "plug_good", GOOD.replace("api=API", "api=1"), dist="first")
    install(site, "good", "plug_good2", GOOD.replace("api=API", "api=1"), dist="second")
    with pytest.raises(ProviderMissingError, match="two distributions provide it"):
        registry.load("good")


def test_an_unknown_name_lists_the_known_ones(site: Path) -> None:
    install(site, "good", "plug_good", GOOD.replace("api=API", "api=1"))
    with pytest.raises(ProviderMissingError, match=r"no provider named 'asw'; known: .*good"):
        registry.load("asw")


def test_no_plugin_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_raw_entries", tuple)
    with pytest.raises(ProviderMissingError, match="none installed"):
        registry.load("aws")
