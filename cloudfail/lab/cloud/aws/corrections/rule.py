"""A rule of EC2 that moto breaks, as a name with a reason: tests go through all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn, ParamSpec, TypeVar

import msgspec

P = ParamSpec("P")
T = TypeVar("T")


class Rule(msgspec.Struct, frozen=True):
    """`aws` is what EC2 does, `moto` what moto does without us."""

    name: str
    aws: str
    moto: str


_rules: dict[str, Rule] = {}
RULES: Mapping[str, Rule] = MappingProxyType(_rules)


def rule(*, moto: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Name a function as one rule; its docstring says what EC2 does."""

    def register(function: Callable[P, T]) -> Callable[P, T]:
        name = function.__name__.lstrip("_")
        _rules[name] = Rule(name, (function.__doc__ or "").split("\n")[0], moto)
        return function

    return register


def override(owner: Any, **members: Any) -> None:
    """Put our members into one of moto's classes."""
    for name, member in members.items():
        setattr(owner, name, member)


def refuse(code: str, message: str) -> NoReturn:
    """Answer with EC2's error `code` (HTTP 400)."""
    from moto.ec2.exceptions import EC2ClientError

    raise EC2ClientError(code, message)


def flag(response: Any, name: str, *, default: bool) -> bool:
    """Read a boolean parameter of the request that moto's response object carries."""
    value = response._get_param(name)  # noqa: SLF001 - moto's way to read a parameter
    return default if value is None else str(value).lower() == "true"


def param(response: Any, name: str, default: Any = None) -> Any:
    """Read a parameter of the request that moto's response object carries."""
    return response._get_param(name, default)  # noqa: SLF001 - moto's way to read a parameter
