"""CLOUDFAIL_* variables: each overrides one key of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from cloudfail.config.file import InstanceTable, JournalTable
from cloudfail.config.problems import Problem, Problems, nearest
from cloudfail.config.shape import fields_of, is_unprintable, plain

PREFIX = "CLOUDFAIL_"
SOURCE = "environment"

# Variables of whole commands. Those of tables are CLOUDFAIL_GUARD_*, CLOUDFAIL_JOURNAL_* and
# CLOUDFAIL_<PROVIDER>_*; CLOUDFAIL_JOURNAL alone is journal.path.
GENERAL: Mapping[str, str] = {
    "CLOUDFAIL_CONFIG": "the configuration file (`--config`)",
    "CLOUDFAIL_INSTANCE": "the instance (`--instance`)",
    "CLOUDFAIL_PROVIDER": "the provider (`--provider`)",
    "CLOUDFAIL_NODE": "which configured node this machine is (`--node`)",
    "CLOUDFAIL_INTERFACE": "the network device (`interface` of the instance)",
    "CLOUDFAIL_DEADLINE": "seconds a run may take (`--deadline`)",
    "CLOUDFAIL_WIDTH": "how many calls may run at once (`width` of the instance)",
    "CLOUDFAIL_STATE_DIR": "where roles and locks live (default `/run/cloudfail`)",
    "CLOUDFAIL_JOURNAL": "the journal's file (`journal.path`)",
}
# CLOUDFAIL_PROVIDER and CLOUDFAIL_NODE select; these set what every instance has.
_OF_INSTANCES = ("interface", "deadline", "width")


def variable(table: str, name: str) -> str:
    """Return the variable of a key: `variable("aws", "region")` is CLOUDFAIL_AWS_REGION."""
    return f"{PREFIX}{table}_{name}".upper().replace("-", "_")


def overrides(
    table: str, shape: type[msgspec.Struct], environ: Mapping[str, str], problems: Problems
) -> dict[str, Any]:
    """Return the keys of a table that variables set, converted; lists are separated by commas."""
    values: dict[str, Any] = {}
    for key in shape.__struct_encode_fields__:
        name = variable(table, key)
        text = environ.get(name, "")
        if text:
            _convert(text, fields_of(shape)[key], name, values, problems)
    return values


def instance_overrides(environ: Mapping[str, str], problems: Problems) -> dict[str, Any]:
    """Return `interface`, `deadline` and `width` where variables set them."""
    values: dict[str, Any] = {}
    for key in _OF_INSTANCES:
        name = f"{PREFIX}{key}".upper()
        if environ.get(name):
            _convert(environ[name], fields_of(InstanceTable)[key], name, values, problems)
    return values


def journal_overrides(environ: Mapping[str, str], problems: Problems) -> dict[str, Any]:
    """Return the [journal] keys that variables set; CLOUDFAIL_JOURNAL is the path."""
    values = overrides("journal", JournalTable, environ, problems)
    if environ.get("CLOUDFAIL_JOURNAL"):
        values["path"] = environ["CLOUDFAIL_JOURNAL"]
    return values


def check_names(
    provider: str,
    settings: type[msgspec.Struct],
    environ: Mapping[str, str],
    problems: Problems,
) -> None:
    """Add each CLOUDFAIL_<PROVIDER>_* that is no setting: a misspelt one would go unnoticed."""
    known = [variable(provider, name) for name in settings.__struct_fields__]
    for name in sorted(environ):
        if name.startswith(variable(provider, "")) and name not in known:
            remedy = nearest(name, known) or f"known: {', '.join(known)}"
            problems.found.append(Problem(SOURCE, name, "no such setting", remedy, provider))


def _convert(
    text: str,
    field: msgspec.structs.FieldInfo,
    name: str,
    values: dict[str, Any],
    problems: Problems,
) -> None:
    many = isinstance(field.default, tuple)
    value = [part.strip() for part in text.split(",") if part.strip()] if many else text
    wrong = "holds control characters" if is_unprintable(value) else ""
    try:
        values[field.encode_name] = msgspec.convert(value, cast("Any", field.type), strict=False)
    except msgspec.ValidationError as error:
        wrong = plain(str(error), text)
    if wrong:
        values.pop(field.encode_name, None)
        problems.found.append(Problem(SOURCE, name, wrong, "correct or unset the variable"))
