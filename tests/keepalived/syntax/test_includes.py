"""Includes that are missing, unreadable, endless; files that are odd."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError
from cloudfail.keepalived.syntax import read_files, read_text


def found(tmp_path: Path, text: str) -> list[str]:
    """The findings, without the directory."""
    findings = read_text(text, base=tmp_path).findings
    return [str(finding).replace(f"{tmp_path}/", "") for finding in findings]


@pytest.mark.parametrize("include", ["include", "includer", "includem", "includew", "includea"])
def test_a_missing_include_is_found(tmp_path: Path, include: str) -> None:
    assert found(tmp_path, f"a\n{include} x\n") == ["<text>:2: include x: no such file"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("include *.inc", 0),
        ("includer *.inc", 0),
        ("includew *.inc", 1),
        ("includea *.inc", 1),
        ("global_defs {\ninclude_check\ninclude *.inc\n}", 3),
        ("include_check wildcard_match\ninclude *.inc", 2),
        ("include_check\ninclude_check -wildcard_match\ninclude *.inc", 0),
        ("include_check match\ninclude_check +wildcard_match\ninclude *.inc", 3),
        ("include {a,b}.conf", 0),
        ("includeb {a,b}.conf", 1),
    ],
)
def test_a_pattern_may_match_nothing_unless_a_check_says_otherwise(
    tmp_path: Path, text: str, line: int
) -> None:
    (tmp_path / "a.conf").touch()
    assert [finding.place.line for finding in read_text(text, base=tmp_path).findings] == (
        [line] if line else []
    )


def test_a_check_ends_with_the_file_that_sets_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("include_check\ninclude *.inc\n")
    assert found(tmp_path, "include x\ninclude *.inc\n") == ["x:2: include *.inc: no such file"]


def test_what_keepalived_skips_is_found(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "x").touch(mode=0o755)
    os.mkfifo(tmp_path / "f")
    (tmp_path / "l").symlink_to("nothing")
    assert found(tmp_path, "include d\ninclude x\ninclude f\ninclude l\n") == [
        "<text>:1: d is a directory: keepalived skips it",
        "<text>:2: x is executable: keepalived skips it, chmod a-x",
        "<text>:3: f is no regular file: keepalived skips it",
        "<text>:4: l No such file or directory",
    ]


def test_a_loop_is_found_and_left(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a\ninclude y\nb\n")
    (tmp_path / "y").write_text("c\ninclude ./x\nd\n")
    tree = read_text("include x\ninclude x\n", base=tmp_path)
    assert [one.keyword for one in tree.statements] == ["a", "c", "d", "b"] * 2
    assert [(finding.place.line, finding.kind) for finding in tree.findings] == [(2, "include")]


def test_a_file_that_includes_itself_is_left(tmp_path: Path) -> None:
    top = tmp_path / "top.conf"
    top.write_text("a\ninclude top.conf\nb\n")
    tree = read_files([top])
    assert [one.keyword for one in tree.statements] == ["a", "b"]
    assert [str(finding) for finding in tree.findings] == [
        f"{top}:2: {top} includes itself: keepalived never ends"
    ]


def test_a_chain_of_includes_ends(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}").write_text(f"a\ninclude {number + 1}\ninclude {number + 1}\n")
    (tmp_path / "40").touch()
    tree = read_text("include 0\n", base=tmp_path)
    assert "limit" in {finding.kind for finding in tree.findings}
    assert len(tree.statements) > 1000


def test_braces_may_span_files(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a {\n")
    (tmp_path / "y").write_text("}\n")
    tree = read_text("include x\nb\ninclude y\nc\n", base=tmp_path)
    assert [one.keyword for one in tree.statements] == ["a", "c"]
    assert tree.findings == ()
    assert tree.files == ("<text>", f"{tmp_path}/x", f"{tmp_path}/y")


def test_pwd_is_the_directory_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_text("a ${_PWD}\n")
    tree = read_text("a ${_PWD}\ninclude d/x\n", base=tmp_path)
    real = tmp_path.resolve()
    assert [one.value for one in tree.statements] == [str(real), str(real / "d")]


def test_an_include_has_the_condition_of_its_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a\n@y b\n")
    tree = read_text("@x include x\n", base=tmp_path)
    assert [one.condition for one in tree.statements] == ["x", "x y"]


def test_each_file_is_a_configuration_of_its_own(tmp_path: Path) -> None:
    one, two = tmp_path / "1.conf", tmp_path / "2.conf"
    one.write_text("$A=1\na $A\nb {\n")
    two.write_text("a $A\n")
    tree = read_files([one, two])
    assert [str(statement.place) for statement in tree.statements] == [
        f"{one}:2", f"{one}:3", f"{two}:1"]  # fmt: skip
    assert [statement.value for statement in tree.find("a")] == ["1", "$A"]
    assert [str(finding.place) for finding in tree.findings] == [f"{one}:3"]


def test_a_path_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.conf: No such file"):
        read_files([tmp_path / "none.conf"])
    with pytest.raises(ConfigError, match="Is a directory"):
        read_files([tmp_path])
    with pytest.raises(ConfigError, match="null"):
        read_files([Path("a\0b")])


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xef\xbb\xbf\xff"])
def test_a_byte_order_mark_is_found_whatever_the_bytes(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(mark + b"a b\n")
    tree = read_files([path])
    assert [finding.kind for finding in tree.findings] == ["encoding"]
    assert tree.statements[0].keyword in ("a", "\xffa")


def test_utf_8_is_read_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes("a ä€\n".encode())
    assert read_files([path]).statements[0].value == "ä€"
