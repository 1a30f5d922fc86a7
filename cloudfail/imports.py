"""Imports of what is large: an SDK."""

from __future__ import annotations

import gc
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader
from types import ModuleType
from typing import Any

_LOADERS: dict[str, Loader] = {}
_LOCK = threading.RLock()


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector out: an import makes no garbage, and searching costs 7 % of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def defer(package: str) -> None:
    """Let modules of `package` be imported without its own `__init__`, which may import them all.

    That runs when somebody asks for a name that the package does not have yet: to everybody else
    it is what it always was. Does nothing to a package that is imported already. Raises
    ImportError when there is none.
    """
    with _LOCK:
        if package not in sys.modules:
            _stand_in(package)


def _stand_in(package: str) -> None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Deferred
    _LOADERS[package] = spec.loader
    sys.modules[package] = module
    parent, _, name = package.rpartition(".")
    if parent:
        setattr(sys.modules[parent], name, module)


class _Deferred(ModuleType):
    """A package whose `__init__` has not run as long as its loader is kept."""

    def __getattr__(self, name: str) -> Any:
        """Run it, for whoever misses a name. Not for Python's own names, but for `__all__`."""
        # `from package import module` asks the package first, and imports the module then.
        if (name.startswith("__") and name != "__all__") or _is_module(f"{self.__name__}.{name}"):
            raise AttributeError(name)
        with _LOCK:
            loader = _LOADERS.pop(self.__name__, None)
            if loader is not None:
                self._run_init(loader)
        return ModuleType.__getattribute__(self, name)

    def _run_init(self, loader: Loader) -> None:
        try:
            loader.exec_module(self)
        except BaseException:
            _LOADERS[self.__name__] = loader
            raise


def _is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
