"""Pages that people write are held to the code that they describe."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cloudfail import errors
from cloudfail.errors import CloudfailError
from cloudfail.lab.terrain import Terrain
from cloudfail.lab.terrain.azure import AZURE
from cloudfail.lab.terrain.gcp import GCP

from cloudfail_aws.operations import DEFAULT_READ, DEFAULT_WRITE, LIMITS

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"


def rows_of(page: Path, heading: str = "") -> list[list[str]]:
    """The cells of every table row below a heading, without the markup of code."""
    text = page.read_text(encoding="utf-8")
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0] if heading else text
    lines = [line for line in part.splitlines() if re.match(r"\|(?!-)", line)]
    return [
        [cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines
    ]


def every_error(kind: type[CloudfailError] = CloudfailError) -> set[type[CloudfailError]]:
    return {kind}.union(*(every_error(child) for child in kind.__subclasses__()))


def test_every_error_is_on_the_page_of_exit_codes_with_its_code() -> None:
    said = {
        name: int(row[0])
        for row in rows_of(REFERENCE / "exit-codes.md")[1:]
        for name in re.findall(r"\w+Error", row[1])
    }
    ours = {error for error in every_error() if error.__module__ == errors.__name__}
    assert said == {error.__name__: error.exit_code for error in ours}


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_every_permission_is_on_the_page_of_kinds_with_its_reason(cloud: str) -> None:
    file = ROOT / "providers" / f"cloudfail_{cloud}" / "permissions.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    expected = [[action, ", ".join(p["needed_for"]), p["why"]] for action, p in known.items()]
    said = rows_of(REFERENCE / f"kinds-{cloud}.md", "Permissions")[1:]
    assert said == [[cell.replace("`", "") for cell in row] for row in expected]


@pytest.mark.parametrize(("cloud", "terrain"), [("gcp", GCP), ("azure", AZURE)])
def test_the_calls_on_the_page_of_kinds_are_those_that_the_lab_counts(
    cloud: str, terrain: Terrain
) -> None:
    rows = rows_of(REFERENCE / f"kinds-{cloud}.md")
    said = {row[0]: row[1] for row in rows[1 : len(terrain.moves) + 1]}
    assert said == {kind: ", ".join(calls) for kind, calls in terrain.moves.items()}


def test_the_limits_on_the_page_of_kinds_are_those_that_are_kept() -> None:
    reads, assigns, writes = rows_of(REFERENCE / "kinds-aws.md", "How often EC2 may be called")[1:]
    assert (int(reads[1]), int(reads[2])) == (DEFAULT_READ.capacity, DEFAULT_READ.refill)
    assert (int(writes[1]), int(writes[2])) == (DEFAULT_WRITE.capacity, DEFAULT_WRITE.refill)
    assert sorted(assigns[0].split(", ")) == sorted(LIMITS)
    for limit in LIMITS.values():
        assert (int(assigns[1]), int(assigns[2])) == (limit.capacity, limit.refill)


def test_the_configurations_on_the_pages_are_valid(tmp_path: Path) -> None:
    from cloudfail.config import examine

    docs = ROOT / "docs"
    pages = (
        ROOT / "README.md",
        docs / "how-to" / "aws.md",
        docs / "how-to" / "azure.md",
        docs / "how-to" / "gcp.md",
        docs / "tutorial" / "your-own-pair.md",
    )
    for page in pages:
        (text,) = re.findall(
            r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
        file = tmp_path / "cloudfail.toml"
        file.write_text(text, encoding="utf-8")
        config, problems = examine(file, {})
        assert problems == (), page
        assert config.instances["edge"].claims


def test_every_safety_rule_of_the_mutations_is_on_the_page() -> None:
    from mutation.mutations import MUTATIONS, RULES

    page = (ROOT / "docs" / "explanation" / "safety-rules.md").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"^(\d+)\. \*\*", page, re.MULTILINE)]
    assert numbers == list(RULES)
    assert {mutation.rule for mutation in MUTATIONS} == set(RULES)


def test_every_keyword_that_generate_writes_is_on_its_page() -> None:
    from cloudfail.cli.reference_keepalived import written_keywords

    templates = ROOT / "cloudfail" / "keepalived" / "generate" / "templates"
    known = {keyword for _, keyword in written_keywords()}
    lines = [
        line
        for name in ("keepalived.conf.j2", "vrrp_instance.conf.j2")
        for line in (templates / name).read_text("utf-8").splitlines()
        if re.match(r"  [a-z_]+( |$)", line)
    ]
    written = {line.split()[0] for line in lines}
    # What stands in the blocks of files, processes and groups, and what comes in place of vrrp_min_garp.
    elsewhere = {"file", "init_file", "process", "quorum", "delay", "group", "include"}
    fallback = {word for word in written if word.startswith("vrrp_garp_master_")}
    assert len(written) > 30
    assert written - elsewhere - fallback <= known
