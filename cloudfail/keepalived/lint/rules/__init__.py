"""All rules, in the order of their codes.

KA001 to KA099: what one file shows. KA101 to KA149: nodes against each other. KA201 to KA249: the
host. KA901 and up: what the reader of the file says, and the linter of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from operator import attrgetter
from pkgutil import iter_modules

from cloudfail.keepalived.lint.rule import Rule


def _all() -> tuple[Rule, ...]:
    """Join the RULES of every module here."""
    found: list[Rule] = []
    for module in iter_modules(__path__):
        found += import_module(f"{__name__}.{module.name}").RULES
    return tuple(sorted(found, key=attrgetter("code")))


ALL: tuple[Rule, ...] = _all()
BY_CODE: Mapping[str, Rule] = {rule.code: rule for rule in ALL}


@cache
def same_as(code: str) -> frozenset[str]:
    """Return the codes that say the same, this one with them: who knows it knows those."""
    above = (one.code for one in ALL if code in (*one.replaces, *one.settles))
    own = BY_CODE.get(code)
    below = (*own.replaces, *own.settles) if own else ()
    return frozenset({code, *above, *below})
