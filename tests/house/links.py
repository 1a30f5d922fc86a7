"""Find links of the documents that lead nowhere, or out of this repository into a file system.

Run as a program it prints one finding a line and exits 1 when there is one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cloudfail import process

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)
# Somebody's machine, not the reader's.
FOREIGN_PATH = re.compile(r"(?<![\w.])/(?:root|home/\w+|work|tmp/w)/\S*")


def anchors(page: Path) -> set[str]:
    """The names of a page's headings as GitHub makes them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(text))
    return {title.replace(" ", "-") for title in kept}


def problem_of(page: Path, link: str, root: Path) -> str:
    """Say what is wrong with a link, or nothing."""
    if re.match(r"[a-z]+:", link):
        return "" if link.startswith(("https://", "mailto:")) else "neither https nor a file"
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.is_relative_to(root):
        return "leads out of the repository"
    if not target.exists():
        return "leads to no file"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return "leads to no heading"
    return ""


def findings_in(page: Path, root: Path) -> Iterator[str]:
    """Every finding in one page."""
    text = page.read_text(encoding="utf-8")
    where = page.relative_to(root)
    for link in LINK.findall(FENCE.sub("", text)):
        if problem := problem_of(page, link, root):
            yield f"{where}: {link} {problem}"
    for path in FOREIGN_PATH.findall(text):
        yield f"{where}: {path} is a path of one machine"


def pages(root: Path) -> list[Path]:
    """The Markdown files that are, or are about to be, in git."""
    listed = process.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [root / name for name in listed.split("\0") if name and (root / name).exists()]


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    found = [finding for page in pages(root) for finding in findings_in(page, root)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
