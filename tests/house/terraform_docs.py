"""The tables of inputs and outputs in the READMEs of the Terraform modules, from the modules' text.

    script/terraform-docs --write|--check

It reads what `terraform fmt` has written: one blank between words, two for each level.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
BEGIN, END = "<!-- inputs and outputs -->", "<!-- /inputs and outputs -->"
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
ARGUMENT = re.compile(r"^  (\w+) *= (.*?)\n(?=  \w|\n|\Z)", re.DOTALL | re.MULTILINE)
REQUIRED = "required"


class UnreadableError(Exception):
    """Text that the tables cannot be made from; the message says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A variable or an output."""

    kind: str
    name: str
    type: str
    default: str
    description: str
    is_sensitive: bool

    @property
    def short_type(self) -> str:
        """The type without the members of its objects: they are printed below the table."""
        return re.sub(r"object\(\{.*\}", "object(", self.type, flags=re.DOTALL).replace(
            "object()", "object"
        )


def modules() -> list[Path]:
    return sorted({path.parent for path in REPOSITORY.glob("terraform/*/*.tf")})


def entries(module: Path) -> Iterator[Entry]:
    for path in sorted(module.glob("*.tf"), key=lambda each: each.stem):
        for kind, name, body in BLOCK.findall(path.read_text(encoding="utf-8")):
            arguments = dict(ARGUMENT.findall(body))
            yield Entry(
                kind,
                name,
                arguments.get("type", "any"),
                " ".join(arguments.get("default", REQUIRED).split()),
                _string(arguments.get("description", ""), f"{path}: {kind} {name}"),
                arguments.get("sensitive") == "true",
            )


def _string(literal: str, where: str) -> str:
    if not re.fullmatch(r'".+"', literal):
        raise UnreadableError(f"{where}: its description is not one quoted string: write one")
    return literal[1:-1].replace('\\"', '"')


def tables(module: Path) -> str:
    found = list(entries(module))
    inputs = [each for each in found if each.kind == "variable"]
    outputs = [each for each in found if each.kind == "output"]
    parts = [
        "## Inputs",
        _table(("input", "type", "default", "description"), [_input(each) for each in inputs]),
        *(
            f"`{each.name}`:\n\n```hcl\n{_dedent(each.type)}\n```"
            for each in inputs
            if "object({" in each.type
        ),
        "## Outputs",
        _table(("output", "description"), [_output(each) for each in outputs]),
    ]
    return "\n\n".join(parts)


def _dedent(text: str) -> str:
    return re.sub(r"^  ", "", text, flags=re.MULTILINE)


def _input(each: Entry) -> tuple[str, ...]:
    default = REQUIRED if each.default == REQUIRED else f"`{each.default}`"
    return f"`{each.name}`", f"`{each.short_type}`", default, _described(each)


def _output(each: Entry) -> tuple[str, ...]:
    return f"`{each.name}`", _described(each)


def _described(each: Entry) -> str:
    return f"{each.description} Sensitive." if each.is_sensitive else each.description


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines
    )


def with_tables(module: Path) -> tuple[str, str]:
    """The README as it is, and as it has to be."""
    readme = module / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UnreadableError(f"{readme}: has no lines {BEGIN} and {END} to put the tables between")
    return text, f"{before}{BEGIN}\n\n{tables(module)}\n\n{END}{after}"


def update(*, write: bool) -> int:
    """The number of READMEs that differ, and cannot be read; written anew if they may be."""
    findings = 0
    for module in modules():
        try:
            text, wanted = with_tables(module)
        except UnreadableError as exc:
            print(exc, file=sys.stderr)
            findings += 1
            continue
        if text != wanted and write:
            (module / "README.md").write_text(wanted, encoding="utf-8")
        elif text != wanted:
            print(
                f"{module}/README.md is not what script/terraform-docs --write writes",
                file=sys.stderr,
            )
            findings += 1
    return findings


def main(arguments: list[str]) -> int:
    if arguments not in (["--write"], ["--check"]):
        print("usage: script/terraform-docs --write|--check", file=sys.stderr)
        return 64
    return min(update(write=arguments == ["--write"]), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
