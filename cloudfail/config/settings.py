"""The settings of a provider: file, then variables, then flags."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

from cloudfail.config.environment import overrides
from cloudfail.config.problems import Problems, suggest
from cloudfail.config.shape import check_table, fields_of, is_unprintable, plain
from cloudfail.errors import UsageError
from cloudfail.provider import ProviderSpec


def read_settings(
    spec: ProviderSpec, table: object, environ: Mapping[str, str], problems: Problems
) -> msgspec.Struct | None:
    """Return the settings of [provider.NAME] with the variables on top; None when they are off."""
    before = problems.count()
    key = f"provider.{spec.name}"
    set_by_variable = overrides(spec.name, spec.settings, environ, problems)
    # A required setting may come from a variable alone.
    merged = {**table, **set_by_variable} if isinstance(table, Mapping) else table
    good = check_table(merged, spec.settings, key, problems)
    if problems.count() > before:
        return None
    settings = spec.settings(**good)
    check_files(settings, key, problems)
    return settings if problems.count() == before else None


def with_flags(
    settings: msgspec.Struct, spec: ProviderSpec, flags: Mapping[str, str]
) -> msgspec.Struct:
    """Return the settings with flags on top. Raises UsageError for a setting that is none."""
    if not flags:
        return settings
    fields = fields_of(spec.settings)
    values: dict[str, Any] = {}
    for name, text in flags.items():
        if name not in fields:
            hint = suggest(name, fields)
            raise UsageError(f'provider {spec.name} has no setting "{name}"; {hint}')
        if is_unprintable(text):
            raise UsageError(f"setting {name}: it holds control characters; write plain text")
        try:
            values[name] = msgspec.convert(text, cast("Any", fields[name].type), strict=False)
        except msgspec.ValidationError as error:
            raise UsageError(f"setting {name}: {plain(str(error), text)}") from error
    problems = Problems("command line")
    changed = msgspec.structs.replace(settings, **values)
    check_files(changed, "setting", problems)
    if problems.found:
        raise problems.found[0].as_error()
    return changed


def check_files(settings: msgspec.Struct, key: str, problems: Problems) -> None:
    """Hold every `*_file` to be there, a file, and readable by nobody but its owner.

    The authorities of a `ca_file` are no secret. An `endpoint` is held to be a URL.
    """
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if name.endswith("_file") and value:
            _check_file(Path(value), f"{key}.{name}", problems, public=name == "ca_file")
        if name.endswith("endpoint") and value:
            _check_url(value, f"{key}.{name}", problems)


def _check_url(text: str, key: str, problems: Problems) -> None:
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole:
        problems.add(key, f'"{text}" is no address of an API', "write it like https://host:443")


def _check_file(path: Path, key: str, problems: Problems, *, public: bool) -> None:
    try:
        status = path.stat()
    except OSError as error:
        problems.add(key, f"{path}: {error.strerror}", "correct the path or write the file")
        return
    if not stat.S_ISREG(status.st_mode):
        holds = "the authorities" if public else "the credentials"
        problems.add(key, f"{path} is not a file", f"name a file that holds {holds}")
    elif status.st_mode & 0o077 and not public:
        problems.add(
            key,
            f"{path} has mode {stat.S_IMODE(status.st_mode):04o}: others than its owner can read "
            "the secret",
            f"chmod 0600 {path}",
        )
