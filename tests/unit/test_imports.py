"""A package by its parts: its own code runs only when somebody misses a name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from cloudfail.imports import defer


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`whole.large`, whose `__init__` imports both of its modules, of which `b` has a mistake."""
    folder = tmp_path / "whole" / "large"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "import whole.large.a\nfrom whole.large.b import B\n__all__ = ['B']\n"
    )
    (folder / "a.py").write_text("from whole.large import version\nA = version.TEXT\n")
    (folder / "b.py").write_text("B = 2\n")
    (folder / "version.py").write_text("TEXT = '1'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "whole"]:
        del sys.modules[name]


def test_a_module_is_imported_without_its_siblings(package: Path) -> None:
    defer("whole.large")
    assert importlib.import_module("whole.large.a").A == "1"
    assert "whole.large.b" not in sys.modules


def test_whoever_asks_for_a_name_gets_the_whole_package(package: Path) -> None:
    defer("whole.large")
    large = importlib.import_module("whole.large")
    a = importlib.import_module("whole.large.a")
    assert "whole.large.b" not in sys.modules
    assert large.B == 2
    assert large.a is a
    assert large.__all__ == ["B"]
    with pytest.raises(AttributeError, match="C"):
        _ = large.C


def test_a_package_whose_own_code_fails_says_so_each_time(package: Path) -> None:
    (package / "b.py").write_text("raise ValueError('broken')\n")
    defer("whole.large")
    large = importlib.import_module("whole.large")
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            _ = large.B
    (package / "b.py").write_text("B = 3 # mended\n")
    assert large.B == 3


def test_a_package_that_is_imported_already_stays_as_it_is(package: Path) -> None:
    large = importlib.import_module("whole.large")
    defer("whole.large")
    assert sys.modules["whole.large"] is large


def test_threads_that_defer_at_once_get_one_package(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each instance of the agent builds its provider in threads of its own."""
    importlib.import_module("whole")
    real, late = importlib.util.find_spec, threading.Barrier(2)

    def find_spec(name: str) -> ModuleSpec | None:
        with suppress(threading.BrokenBarrierError):
            late.wait(0.2)  # for the other one, which must not come this far
        return real(name)

    def package_of(_: int) -> object:
        defer("whole.large")
        return sys.modules["whole.large"]

    monkeypatch.setattr("importlib.util.find_spec", find_spec)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(package_of, range(2))
    assert one is other
    assert late.broken


def test_a_package_that_is_not_there_is_an_import_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="whole"):
        defer("whole.nowhere")
