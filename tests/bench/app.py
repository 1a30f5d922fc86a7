"""The command line of the bench."""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cloudfail

from bench import agent_sections, maintained, sections
from bench.azure import sections as azure_sections
from bench.counts import Counts, add_to, counts_of
from bench.gcp import sections as gcp_sections
from bench.report import Report, Section, as_text, write_json, write_markdown

SECTIONS: Mapping[str, Callable[[Counts], Section]] = {
    **{name: sections.of_rounds(section) for name, section in sections.SECTIONS.items()},
    **agent_sections.SECTIONS,
}
PROVIDERS = {
    name: {**own, "maintained": maintained.section_of(name)}
    for name, own in {
        "aws": SECTIONS,
        "gcp": gcp_sections.SECTIONS,
        "azure": azure_sections.SECTIONS,
    }.items()
}


def main(argv: Sequence[str] | None = None) -> int:
    """Print each section as it ends. Exit 0: every target met; 1: one was missed."""
    parser = _parser()
    options = parser.parse_args(argv)
    known = PROVIDERS[options.provider]
    for name in options.only or ():
        if name not in known:
            parser.error(f"--only {name}: {options.provider} has {', '.join(known)}")
    _prepare()
    counts, done = counts_of(options), []
    for name in options.only or known:
        section = known[name](counts)
        print(as_text(section), flush=True)
        done.append(section)
    report = Report(_machine(), counts.rounds, tuple(done), options.provider)
    if options.output:
        write_json(report, options.output)
    if options.markdown:
        write_markdown(report, options.markdown)
    for target in report.missed:
        print(f"MISSED: {target.name}", file=sys.stderr)
    return 1 if report.missed else 0


def _prepare() -> None:
    """Compile what will be timed: an operator's installation is compiled, too."""
    root = Path(cloudfail.__file__).parent
    for folder in (root, root.parent / "providers"):
        if folder.is_dir():
            compileall.compile_dir(folder, quiet=1)


def _machine() -> str:
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    add_to(parser)
    text = "whose embedded cloud; default: aws"
    parser.add_argument("--provider", choices=PROVIDERS, default="aws", help=text)
    names = dict.fromkeys(name for known in PROVIDERS.values() for name in known)
    text = f"a section, repeatable: {', '.join(names)}"
    parser.add_argument("--only", action="append", metavar="SECTION", help=text)
    parser.add_argument("--output", type=Path, metavar="FILE", help="also write JSON")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write a page")
    return parser
