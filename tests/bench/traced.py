"""Runs `cloudfail` with its main thread's time written down by what it was spent on.

    python traced.py OUT.json promote ...

At any moment the innermost label has the time, so the parts add up to the whole. Times are
CLOCK_MONOTONIC in milliseconds; BENCH_SPAWNED says when the process was spawned.
"""

import time

FIRST_LINE = time.monotonic()

import builtins  # noqa: E402 - nothing may come before the first look at the clock
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

OURS = {"cloudfail", "cloudfail_aws"}
DEPENDENCIES = {"msgspec", "tenacity"}
SDK = {"boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "certifi", "six"}
COUNTED = OURS | DEPENDENCIES | SDK
REST = "cloudfail's own code (arguments, configuration, lock, plan, journal, result)"


class Ledger:
    """Time by label, of the main thread."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._main = threading.get_ident()
        self._open = [REST]
        self._since = FIRST_LINE

    def enter(self, label: str) -> None:
        if threading.get_ident() == self._main:
            self._settle()
            self._open.append(label)

    def leave(self) -> None:
        if threading.get_ident() == self._main:
            self._settle()
            self._open.pop()

    @property
    def label(self) -> str:
        return self._open[-1]

    def _settle(self) -> None:
        now = time.monotonic()
        self.spent[self.label] = self.spent.get(self.label, 0.0) + now - self._since
        self._since = now


LEDGER = Ledger()
_REAL_IMPORT = builtins.__import__
_REAL_IMPORT_MODULE = importlib.import_module


def _labelled_import(name: str, *args: Any, **kwargs: Any) -> Any:
    """Charge a module's time to what it belongs to; the standard library's to its importer."""
    top = name.partition(".")[0]
    relative = kwargs.get("level") or (len(args) > 3 and args[3])
    if relative or (top in sys.modules and top not in COUNTED):
        return _REAL_IMPORT(name, *args, **kwargs)
    LEDGER.enter(_label_of(top))
    try:
        return _REAL_IMPORT(name, *args, **kwargs)
    finally:
        LEDGER.leave()
        _patch_new_modules()


def _labelled_import_module(name: str, package: str | None = None) -> Any:
    LEDGER.enter(_label_of(name.partition(".")[0]))
    try:
        return _REAL_IMPORT_MODULE(name, package)
    finally:
        LEDGER.leave()
        _patch_new_modules()


def _label_of(top: str) -> str:
    if top in SDK:
        return "SDK import"
    if top in OURS:
        return "imports of cloudfail"
    if top in DEPENDENCIES:
        return "imports of msgspec and tenacity"
    if LEDGER.label.startswith(("SDK import", "imports of")):
        return LEDGER.label
    return "imports of the standard library"


def _patch_new_modules() -> None:
    session = sys.modules.get("botocore.session")
    if session is not None and hasattr(session, "Session"):
        _wrap(session.Session, "create_client", lambda: "SDK client and model")
    apply = sys.modules.get("cloudfail.apply")
    if apply is not None and hasattr(apply, "apply_plan"):
        _wrap(apply, "apply_plan", lambda: "mutate")
    registry = sys.modules.get("cloudfail.registry")
    if registry is not None and hasattr(registry, "load"):
        _wrap(registry, "load", lambda: "provider look-up", _trace_spec)


def _wrap(
    owner: Any,
    name: str,
    label: Callable[[], str],
    result: Callable[[Any], Any] = lambda value: value,
) -> None:
    real = getattr(owner, name)
    if getattr(real, "labelled", False):
        return

    def labelled(*args: Any, **kwargs: Any) -> Any:
        LEDGER.enter(label())
        try:
            return result(real(*args, **kwargs))
        finally:
            LEDGER.leave()

    labelled.labelled = True  # type: ignore[attr-defined]
    setattr(owner, name, labelled)


def _trace_spec(spec: Any) -> Any:
    import msgspec

    def build(setup: Any) -> Any:
        LEDGER.enter("provider construction")
        try:
            return _Traced(spec.build(setup))
        finally:
            LEDGER.leave()

    return msgspec.structs.replace(spec, build=build)


class _Traced:
    """A provider whose methods are labelled; the first look is the describe, later ones verify."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._looks = 0
        for name, label in (
            ("identify", lambda: "metadata"),
            ("observe", self._look),
            ("steps", lambda: REST),
        ):
            _wrap(self, name, label)

    def identify(self) -> Any:
        return self._provider.identify()

    def observe(self, claims: Any) -> Any:
        return self._provider.observe(claims)

    def steps(self, holdings: Any, node: Any) -> Any:
        return self._provider.steps(holdings, node)

    def execute(self, step: Any) -> Any:
        return self._provider.execute(step)

    def _look(self) -> str:
        self._looks += 1
        return "describe" if self._looks == 1 else "verify"


def main() -> None:
    out, arguments = sys.argv[1], sys.argv[2:]
    sys.argv = ["cloudfail", *arguments]
    leave = os._exit

    def write_and_leave(code: int) -> None:
        _write(out)
        leave(code)

    os._exit = write_and_leave  # type: ignore[assignment]
    builtins.__import__ = _labelled_import
    importlib.import_module = _labelled_import_module
    from cloudfail.cli.main import entry

    try:
        entry()
    finally:
        _write(out)


def _write(out: str) -> None:
    LEDGER.enter(REST)
    spent = {label: seconds * 1000 for label, seconds in LEDGER.spent.items()}
    start = (FIRST_LINE - float(os.environ["BENCH_SPAWNED"])) * 1000
    with open(out, "w") as file:  # noqa: PTH123 - pathlib would be imported for this alone
        json.dump({"start_ms": start, "spent_ms": spent, "ended": time.monotonic()}, file)


if __name__ == "__main__":
    main()
