"""Tables of numbers and targets: for a terminal, as JSON, and as a page of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

# A provider's part of the page begins with its heading, in this order.
_HEADINGS = {"aws": "# Numbers", "gcp": "## Google Cloud", "azure": "## Azure"}
_CLOUDS = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure"}


class Target(msgspec.Struct, frozen=True):
    """A number that must not be above its limit."""

    name: str
    value: float
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.limit


class Section(msgspec.Struct, frozen=True):
    """One table, the targets it is held to, and what a reader has to know of it."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    targets: tuple[Target, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        return all(target.met for target in self.targets)


class Report(msgspec.Struct, frozen=True):
    """All sections of one run on one machine."""

    machine: str
    rounds: int
    sections: tuple[Section, ...]
    provider: str = "aws"

    @property
    def missed(self) -> tuple[Target, ...]:
        return tuple(
            target for section in self.sections for target in section.targets if not target.met
        )


def as_text(section: Section) -> str:
    """Return a table with aligned columns, its targets with ok or MISSED, its notes."""
    cells = [section.columns, *(tuple(map(_shown, row)) for row in section.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [section.title, *(_aligned(row, widths) for row in cells), ""]
    lines += [f"  {_verdict(target)}" for target in section.targets]
    lines += [f"  note: {note}" for note in section.notes]
    return "\n".join(lines) + "\n"


def write_json(report: Report, path: Path) -> None:
    """Write one document: `schema_version` 1, `ok`, and every section with its targets."""
    sections = [
        {
            **msgspec.to_builtins(section),
            "targets": [
                {**msgspec.to_builtins(target), "met": target.met} for target in section.targets
            ],
        }
        for section in report.sections
    ]
    document = {
        "schema_version": 1,
        "ok": not report.missed,
        "provider": report.provider,
        "machine": report.machine,
        "rounds": report.rounds,
        "sections": sections,
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def write_markdown(report: Report, path: Path) -> None:
    """Write the provider's part of the page `docs/reference/numbers.md`; the others stay."""
    page = path.read_text() if path.exists() else ""
    parts = {**_parts(page), report.provider: _part(report)}
    path.write_text("\n".join(parts[provider] for provider in _HEADINGS if provider in parts))


def _parts(page: str) -> dict[str, str]:
    """Split a page where a provider's part begins."""
    found: dict[str, str] = {}
    ends = len(page)
    for provider, heading in reversed(_HEADINGS.items()):
        at = page.find(f"{heading}\n")
        if at >= 0:
            found[provider] = page[at:ends].rstrip() + "\n"
            ends = at
    return found


def _part(report: Report) -> str:
    command = "script/bench --markdown"
    depth = "##"
    if report.provider != "aws":
        command, depth = f"script/bench --provider {report.provider} --markdown", "###"
    head = (
        f"{_HEADINGS[report.provider]}\n\n"
        f"Written by `{command}`. Medians of one run on one machine ({report.machine}), "
        f"{report.rounds} rounds, against the embedded {_CLOUDS[report.provider]}. Compare the "
        "ratios; the milliseconds are those of that machine.\n"
    )
    return "\n".join([head, *(_markdown(section, depth) for section in report.sections)])


def _markdown(section: Section, depth: str) -> str:
    lines = [f"{depth} {section.title}", "", _piped(section.columns)]
    lines.append(_piped(["---", *["---:"] * (len(section.columns) - 1)]))
    lines += [_piped(list(map(_shown, row))) for row in section.rows]
    if section.targets:
        lines += ["", *(f"* {_verdict(target)}" for target in section.targets)]
    if section.notes:
        lines += ["", *(f"{note}\n" for note in section.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _verdict(target: Target) -> str:
    unit = f" {target.unit}" if target.unit else ""
    word = "ok" if target.met else "MISSED"
    return (
        f"{word}: {target.name}: {_shown(target.value)}{unit}, at most {_shown(target.limit)}{unit}"
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join([f"  {first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)])


def _shown(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if value == int(value):
        return str(int(value))
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"
