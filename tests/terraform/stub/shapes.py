"""Values that a provider makes up at apply, in the shape that the cloud gives them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from terraform.stub import schema
from terraform.stub.identifiers import DEFAULTS, templates
from terraform.stub.protocol import is_unknown

# By the name of an attribute, where its type has no template: the first that matches counts.
LEAVES: tuple[tuple[str, Any], ...] = (
    (r"mac_address", "02:00:00:00:00:{byte:02x}"),
    (r"(.*_)?ipv6_cidr_block", "2001:db8:{byte:x}::/56"),
    (r"(.*_)?(cidr_block|ip_cidr_range|address_prefix)", "10.0.0.0/24"),
    (r"address_prefixes|address_space", ["10.0.0.0/16"]),
    (r"public_ip(_address)?|nat_ip|address", "198.18.{other}.{byte}"),
    (r"(.*_)?ip(_address)?", "10.0.0.{byte}"),
    (r"region|zone|project|location", "{{{name}}}"),
    (r"availability_zone", "{region}a"),
    (r"owner_id|account_id", "{account}"),
    (r"(.*_)?arn", "arn:aws:{name}:{region}:{account}:{hex}"),
    (r"self_link", "https://www.googleapis.com/compute/v1/projects/{project}/{hex}"),
)


class _Known(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"{key}-{self['hex'][:8]}"


class Shapes:
    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._context = dict(DEFAULTS[provider])

    def configure(self, config: Mapping[str, Any]) -> None:
        """Take what the provider's block says: the region, the project."""
        for name in self._context:
            told = config.get("subscription_id" if name == "subscription" else name)
            if isinstance(told, str):
                self._context[name] = told

    def resource(self, kind: str, block: schema.Json, planned: Any, seed: str) -> Any:
        """The planned object with every value decided; the seed makes its identifiers."""
        return self._decide(kind, block, planned, f"{kind}.{seed}")

    def data_source(self, kind: str, block: schema.Json, config: Any) -> Any:
        """What the cloud says of what is asked for: the same for the same question."""
        return self._decide(f"data.{kind}", block, config, f"{kind}.{sorted(config.items())}")

    def _decide(self, kind: str, block: schema.Json, value: Any, seed: str) -> Any:
        known = self._known(value, seed)
        own = templates(self._provider, kind)
        decided = dict(value)
        for name in sorted(own, key="id".__ne__):
            attribute = block["attributes"].get(name)
            if attribute is not None and _is_open(attribute, decided.get(name)):
                decided[name] = _format(own[name], attribute["type"], known)
                known[name] = decided[name]
        counter = iter(range(1 << 30))

        def visit(name: str, attribute: schema.Json, each: Any) -> Any:
            here = _Known(known | _digest(f"{seed}.{name}.{next(counter)}"))
            return _fill(attribute["type"], name, each, here, is_open=_is_open(attribute, each))

        return schema.walk(block, decided, visit)

    def _known(self, value: Mapping[str, Any], seed: str) -> _Known:
        own = {name: each for name, each in value.items() if isinstance(each, str)}
        places = {name: own[name].rpartition("/")[2] for name in ("zone", "region") if name in own}
        if "zone" in places and self._provider == "google":
            places.setdefault("region", places["zone"].rpartition("-")[0])
        return _Known(self._context | _digest(seed) | own | places)


def _digest(seed: str) -> dict[str, Any]:
    digits = hashlib.sha256(seed.encode()).hexdigest()
    uuid = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
    byte, other = (10 + int(digits[at : at + 2], 16) % 240 for at in (0, 2))
    return {"hex": digits[:17], "uuid": uuid, "byte": byte, "other": other}


def _is_open(attribute: schema.Json, value: Any) -> bool:
    return is_unknown(value) or (value is None and bool(attribute.get("computed")))


def _fill(kind: Any, name: str, value: Any, known: _Known, *, is_open: bool = False) -> Any:
    """The value without anything unknown in it."""
    if is_open or is_unknown(value):
        return _make_up(kind, name, known)
    if value is None or isinstance(kind, str):
        return value
    collection, inner = kind
    if collection in {"list", "set"}:
        return [_fill(inner, name, each, known) for each in value]
    if collection == "map":
        return {key: _fill(inner, key, each, known) for key, each in value.items()}
    return {key: _fill(each, key, value.get(key), known) for key, each in inner.items()}


def _make_up(kind: Any, name: str, known: _Known) -> Any:
    template = next((each for leaf, each in LEAVES if re.fullmatch(leaf, name)), "{name}-{hex}")
    if isinstance(template, str):
        template = template.replace("{name}", name).replace("{{", "{").replace("}}", "}")
    return _format(template, kind, known)


SIMPLE: dict[str, Callable[[_Known], Any]] = {
    "number": lambda known: known["byte"],
    "bool": lambda _known: False,
    "dynamic": lambda _known: None,
}


def _format(template: Any, kind: Any, known: _Known) -> Any:
    if kind == "string":
        return template.format_map(known) if isinstance(template, str) else None
    if isinstance(kind, str):
        return SIMPLE[kind](known)
    collection, inner = kind
    if collection == "object":
        own = template if isinstance(template, dict) else {}
        return {
            name: _format(own[name], each, known) if name in own else _make_up(each, name, known)
            for name, each in inner.items()
        }
    if collection == "map":
        return {}
    return [_format(each, inner, known) for each in template] if isinstance(template, list) else []
