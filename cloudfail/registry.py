"""Find providers by entry point; a broken plugin never hides a healthy one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

import msgspec

from cloudfail.errors import ProviderMissingError
from cloudfail.provider import ProviderSpec

GROUP = "cloudfail.providers"
API = 1


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An installed plugin; `spec` is None exactly when `problem` says why."""

    name: str
    distribution: str
    version: str
    spec: ProviderSpec | None = None
    problem: str = ""


def available() -> Mapping[str, Listed]:
    """Return every installed plugin by name, the broken ones with their problem."""
    found: dict[str, Listed] = {}
    for entry in _unique(_raw_entries()):
        listed = _list(entry)
        other = found.get(entry.name)
        if other is not None:
            listed = msgspec.structs.replace(
                listed,
                spec=None,
                problem=f"two distributions provide it: {other.distribution} and "
                f"{listed.distribution}; uninstall one",
            )
        found[entry.name] = listed
    return dict(sorted(found.items()))


def load(name: str) -> ProviderSpec:
    """Return the provider of that name. Raises ProviderMissingError, saying what is known."""
    # Only this plugin is imported: another one may be slow or broken.
    raw = list(_raw_entries())
    entries = [entry for entry in raw if entry.name == name]
    if not entries:
        known = ", ".join(sorted({entry.name for entry in raw})) or "none installed"
        raise ProviderMissingError(f"no provider named {name!r}; known: {known}")
    # Whose it is stands in the distribution's METADATA, slow to parse: only a conflict needs it.
    if len(entries) > 1 and len(_unique(entries)) > 1:
        raise ProviderMissingError(f"provider {name!r}: {available()[name].problem}")
    spec = _load(entries[0])
    if isinstance(spec, str):
        raise ProviderMissingError(f"provider {name!r} is broken: {spec}")
    return spec


def _unique(entries: Iterable[EntryPoint]) -> list[EntryPoint]:
    # An editable install beside a wheel lists the same entry twice.
    unique: dict[tuple[str, str, str], EntryPoint] = {}
    for entry in entries:
        unique.setdefault((entry.name, entry.value, _distribution(entry)[0]), entry)
    return list(unique.values())


def _raw_entries() -> Iterable[EntryPoint]:
    return entry_points(group=GROUP)


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist is not None else ("unknown", "")


def _list(entry: EntryPoint) -> Listed:
    distribution, version = _distribution(entry)
    listed = Listed(name=entry.name, distribution=distribution, version=version)
    spec = _load(entry)
    if isinstance(spec, str):
        return msgspec.structs.replace(listed, problem=spec)
    return msgspec.structs.replace(listed, spec=spec)


def _load(entry: EntryPoint) -> ProviderSpec | str:
    """Return the plugin, or what is wrong with it."""
    try:
        spec = entry.load()
    # A third party's import may fail in any way, and some call sys.exit.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return f"{entry.value} does not import: {type(error).__name__}: {error}"
    if not isinstance(spec, ProviderSpec):
        return f"{entry.value} is not a ProviderSpec"
    if spec.api != API:
        return f"{entry.value} speaks plugin API {spec.api}, this cloudfail speaks {API}"
    return spec
