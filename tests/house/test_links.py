from __future__ import annotations

from pathlib import Path

import pytest

from house import links

ROOT = Path(__file__).resolve().parents[2]


def test_no_document_of_this_repository_has_a_dead_link() -> None:
    assert [f for page in links.pages(ROOT) for f in links.findings_in(page, ROOT)] == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("other.md", ""),
        ("other.md#the-first-part", ""),
        ("#here", ""),
        ("https://example.com/x", ""),
        ("http://example.com/x", "neither https nor a file"),
        ("missing.md", "leads to no file"),
        ("../../etc/passwd", "leads out of the repository"),
        ("other.md#the-second-part", "leads to no heading"),
    ],
)
def test_a_link_is_followed_to_its_end(tmp_path: Path, link: str, problem: str) -> None:
    (tmp_path / "other.md").write_text("# The `first` part\n\n```\n# The second part\n```\n")
    page = tmp_path / "page.md"
    page.write_text(f"# Here\n\nSee [there]({link}).\n")
    expected = [f"page.md: {link} {problem}"] if problem else []
    assert list(links.findings_in(page, tmp_path)) == expected


def test_a_path_of_one_machine_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("It is in `/home/" + "ada/src/x.py`.\n")
    assert len(list(links.findings_in(page, tmp_path))) == 1
