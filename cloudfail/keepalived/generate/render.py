"""The templates, and the words that they share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from cloudfail.errors import ConfigError

if TYPE_CHECKING:
    from jinja2 import Environment

# Words that keepalived takes as they are; others stand in single quotes (lib/notify.c splits so).
_SAFE = re.compile(r"[A-Za-z0-9_./:=@,+%-]+")


def render(template: str, **values: Any) -> str:
    """Fill a template of this package."""
    return _environment().get_template(template).render(**values)


def command(argv: Sequence[str]) -> str:
    """Return a command line as keepalived splits it again: words with blanks in single quotes."""
    return " ".join(word if _SAFE.fullmatch(word) else f"'{word}'" for word in argv)


def word(text: str) -> str:
    """Return a text as one word: in quotes where it has blanks, which would end it."""
    return text if _SAFE.fullmatch(text) else f'"{text}"'


def number(value: float) -> str:
    """Return a number of seconds without a needless fraction.

    keepalived reads microseconds and no exponent: 1e-05 is an error (measured with 2.2.7).
    """
    return f"{value:.6f}".rstrip("0").rstrip(".")


@cache
def _environment() -> Environment:
    """An undefined name in a template is an error, never an empty line in a production file."""
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{error.name} is not installed, and the templates need it; install Jinja2: apt-get "
            "install python3-jinja2, or pip install jinja2"
        ) from error

    environment = Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML: values are held to what keepalived reads as text
    )
    environment.globals.update(command=command, number=number, word=word)
    return environment
