"""Write `data/` from the installed botocore: `python -m cloudfail_aws.sdk_model.generate`.

Kept: our operations, every shape they reach, the endpoints of our services. Dropped: text for
people, and the lists of enum values, which botocore does not check and which change weekly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

from cloudfail_aws.operations import OPERATIONS

DATA = Path(__file__).parent / "data"
_PLAIN = ("partitions", "_retry", "sdk-default-configuration")
_DROPPED = ("documentation", "documentationUrl", "enum")


def files() -> Mapping[str, str]:
    """Return path below `data/` -> text, for every file."""
    loader = Loader(include_default_search_paths=True)
    made = {"made_from": {"botocore": botocore.__version__}}
    for name in _PLAIN:
        made[name] = loader.load_data(name)
    made["endpoints"] = _endpoints(loader.load_data("endpoints"))
    for service, operations in OPERATIONS.items():
        version = loader.determine_latest_version(service, "service-2")
        folder = f"{service}/{version}"
        made[f"{folder}/service-2"] = trimmed(
            loader.load_service_model(service, "service-2"), operations
        )
        made[f"{folder}/endpoint-rule-set-1"] = loader.load_service_model(
            service, "endpoint-rule-set-1"
        )
    return {f"{name}.json": _text(value) for name, value in made.items()}


def trimmed(model: Mapping[str, Any], operations: tuple[str, ...]) -> dict[str, Any]:
    """Return the model with these operations only."""
    kept = {name: model["operations"][name] for name in operations}
    shapes: dict[str, Any] = {}
    for operation in kept.values():
        _collect(model["shapes"], operation, shapes)
    rest = {key: model[key] for key in model if key not in ("operations", "shapes")}
    stripped: dict[str, Any] = _stripped({**rest, "operations": kept, "shapes": shapes})
    return stripped


def _collect(shapes: Mapping[str, Any], node: Mapping[str, Any], into: dict[str, Any]) -> None:
    for name in _references(node):
        if name not in into:
            into[name] = shapes[name]
            _collect(shapes, shapes[name], into)


def _references(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the shapes that an operation or shape mentions itself."""
    parts = [node.get(key) for key in ("input", "output", "member", "key", "value")]
    parts += list(node.get("errors", ()))
    parts += list(node.get("members", {}).values())
    yield from (part["shape"] for part in parts if part)


def _stripped(node: Any) -> Any:
    if isinstance(node, dict):
        # A dict of shapes or members may well have one that is called "documentation".
        named = {key: value for key, value in node.items() if not _is_text(key, value)}
        return {key: _stripped(value) for key, value in named.items()}
    return [_stripped(item) for item in node] if isinstance(node, list) else node


def _is_text(key: str, value: Any) -> bool:
    return key in _DROPPED and not isinstance(value, dict)


def _endpoints(data: Any) -> Any:
    partitions = [
        {**part, "services": {k: v for k, v in part["services"].items() if k in OPERATIONS}}
        for part in data["partitions"]
    ]
    return {**data, "partitions": partitions}


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True) + "\n"


def main() -> None:
    for name, text in files().items():
        path = DATA / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
