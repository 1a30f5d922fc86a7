"""A slip in a module's own text is seen: its resources are held against the provider's schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from terraform.stubs import MAJORS, Stub
from terraform.workspace import RefusedError, Workspace

BLOCK = re.compile(r'^resource "(\w+)" "\w+" \{\n.*?^\}\n', re.DOTALL | re.MULTILINE)
ARGUMENT = re.compile(r"^  (\w+)( *=)", re.MULTILINE)
META = {"count", "for_each", "provider", "depends_on"}
SLIPS = 4


def slips(module: Path) -> Iterator[tuple[Path, str, str, set[str]]]:
    """Files, a block of each, the same with every argument misspelt, and the misspelt names."""
    blocks = [
        (path, each.group(0))
        for path in sorted(module.glob("*.tf"))
        for each in BLOCK.finditer(path.read_text(encoding="utf-8"))
    ]
    for path, block in blocks[:: max(1, len(blocks) // SLIPS)]:
        names = {each for each, _ in ARGUMENT.findall(block)} - META
        wrong = ARGUMENT.sub(lambda match: misspelt(match.group(1)) + match.group(2), block)
        yield path, block, wrong, {misspelt(each) for each in names}


def misspelt(name: str) -> str:
    return name if name in META else f"{name}_x"


@pytest.mark.parametrize("cloud", MAJORS)
def test_misspelt_arguments_of_a_module_are_all_refused(
    cloud: str, workspace: Callable[..., Workspace], stub: Callable[[str], Stub]
) -> None:
    place = workspace(f"terraform/{cloud}", stub(MAJORS[cloud][-1]))
    place.init()
    seen = 0
    for path, right, wrong, names in slips(place.directory):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(right, wrong), encoding="utf-8")
        with pytest.raises(RefusedError) as refusal:
            place.validate()
        missed = {
            each
            for each in names
            if f'argument named "{each}" is not expected' not in str(refusal.value)
        }
        assert not missed, f"{path.name}: {right.splitlines()[0]}: {refusal.value}"
        path.write_text(text, encoding="utf-8")
        seen += len(names)
    assert seen >= SLIPS
