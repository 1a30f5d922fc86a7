"""Blocks, places, conditions and comments of statements."""

from __future__ import annotations

import pytest
from cloudfail.keepalived.syntax import Comment, Place, Statement, Tree, read_text


def kinds(tree: Tree) -> list[tuple[int, str]]:
    return [(finding.place.line, finding.kind) for finding in tree.findings]


def outline(statements: tuple[Statement, ...]) -> str:
    parts = []
    for one in statements:
        block = "" if one.children is None else f"{{{outline(one.children)}}}"
        parts.append(one.keyword + block)
    return " ".join(parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a { b c\n d }\ne", "a{b d} e"),
        ("a\n{\n}\nb", "a{} b"),
        ("a {}", "a{}"),
        ("a { b { c } d }", "a{b{c} d}"),
        ("a { { b } c }", "a{b c}"),
        ("{ a }", "a"),
        ("a }\nb", "a b"),
        ("a { b", "a{b}"),
        ("vrrp_instance X\n state MASTER\n}\nb", "vrrp_instance{state} b"),
    ],
)
def test_blocks_are_these(text: str, expected: str) -> None:
    assert outline(read_text(text).statements) == expected


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a\nb {\nc {\n}\n", 2, "missing }: b is never closed"),
        ("a {\n}\n}\n", 3, "extra }: no block is open"),
        ("a {\n}\n{\n}\n", 3, "unexpected {: no keyword before it"),
        ("vrrp_instance X\n state MASTER\n}\n", 1, "missing { after vrrp_instance"),
        ('a\nb "c\n', 2, "a quote is not closed: keepalived drops what follows it"),
        ('a b"c\n', 1, "a quote is not closed: keepalived drops what follows it"),
        ('a "b\\"\n', 1, "a quote is not closed: keepalived drops what follows it"),
        ('a "b\\" c"\n', 1, "a quote is not closed: keepalived drops what follows it"),
        ("a\nnotify 'b\n", 2, "keepalived cannot take this line apart: notify never runs"),
        ("a\nnotify b \\\n", 2, "keepalived cannot take this line apart: notify never runs"),
        ("a ${B} c\n", 1, "${B} means nothing here: keepalived takes its braces for a block"),
        ("$A=${A}x\n${A}\n", 2, "${A} makes the line too long for keepalived"),
        ("$A=${B}\n$B=${A}\n${A}\n", 3, "definitions that stand for each other: keepalived never ends"),
        ("~SEQ(I) a\n", 1, "keepalived cannot read this ~SEQ: ~SEQ(I) a"),
        ("~LST(I) a\n", 1, "keepalived cannot read this ~LST: ~LST(I) a"),
        ("include a\n", 1, "include a: not read, no directory"),
        ("\ufeffa\n", 1, "byte order mark: keepalived takes it for a part of the first word"),
    ],
)  # fmt: skip
def test_this_is_found(text: str, line: int, said: str) -> None:
    finding = read_text(text).findings[0]
    assert str(finding) == f"<text>:{line}: {said}"


def test_a_line_too_long_for_keepalived_is_found_and_read_in_two() -> None:
    tree = read_text(f"a {'b' * 1100} c\nd\n")
    assert kinds(tree) == [(1, "limit")]
    assert [len(one.keyword) for one in tree.statements] == [1, 79, 1]


def test_quotes_hide_what_means_nothing() -> None:
    assert read_text('a "${B} { # }" c\n').findings == ()


def test_a_statement_knows_its_parts() -> None:
    (one,) = read_text('a b "c d" { # why\n e f\n g\n e h\n}').statements
    assert (one.keyword, one.args, one.value, one.rest) == ("a", ("b", "c d"), "b", "b c d")
    assert (one.is_block, one.has("g"), one.has("x"), one.first("x")) == (True, True, False, None)
    assert [child.value for child in one.find("e")] == ["f", "h"]
    g = one.first("g")
    assert g is not None
    assert (g.value, g.rest, g.is_block, list(g.find("e"))) == ("", "", False, [])


def test_a_tree_is_walked_in_the_order_of_the_text() -> None:
    tree = read_text("a {\n b {\n c\n }\n}\nd\n")
    walked = [([up.keyword for up in above], one.keyword) for above, one in tree.walk()]
    assert walked == [([], "a"), (["a"], "b"), (["a", "b"], "c"), ([], "d")]
    assert tree.has("d")
    assert tree.first("c") is None


def test_comments_are_kept_with_their_statement_and_on_their_own() -> None:
    tree = read_text("# one\na b { # two\n c ! three # four\n} # five\nd\n")
    a, d = tree.statements
    assert (a.comment, a.children[0].comment if a.children else "", d.comment) == (
        "two", "three # four", "")  # fmt: skip
    texts = ["one", "two", "three # four", "five"]
    assert tree.comments == tuple(
        Comment(Place("<text>", line), text) for line, text in enumerate(texts, start=1)
    )


def test_without_an_id_every_line_is_kept_with_its_condition() -> None:
    tree = read_text("a\n@x b\n@^y c { d }\n@x e { @z f }\n@ g\n")
    conditions = [(one.keyword, one.condition) for _, one in tree.walk()]
    assert conditions == [
        ("a", ""), ("b", "x"), ("c", "^y"), ("d", "^y"), ("e", "x"), ("f", "x z"), ("g", ""),
    ]  # fmt: skip
    assert tree.config_ids == ("x", "y", "z")


@pytest.mark.parametrize(
    "text",
    [
        "@x a X {\n@y a Y {\n b\n}\nc",
        "@x a X\n@y a Y\n{\n b\n}\nc",
        "@x vrrp_instance X\n@y vrrp_instance Y {\n b\n}\nc",
    ],
)
def test_of_alternatives_each_has_the_block(text: str) -> None:
    tree = read_text(text)
    first, second, last = sorted(tree.statements, key=lambda one: (one.condition == "", one.value))
    assert (first.value, second.value, last.keyword) == ("X", "Y", "c")
    assert outline(first.children or ()) == outline(second.children or ()) == "b"
    assert tree.findings == ()


def test_a_value_that_depends_on_the_id_is_not_put_in() -> None:
    text = "@x $A=1\n@y $A=2\na $A ${A}b\n$A=3\na $A\n"
    assert [one.rest for one in read_text(text).statements] == ["$A ${A}b", "3"]
    assert [one.rest for one in read_text(text, config_id="y").statements] == ["2 2b", "3"]
    assert read_text(text).findings == ()


def test_a_value_may_be_a_condition() -> None:
    text = "$A=@x\n$A a\n"
    (one,) = read_text(text).statements
    assert (one.keyword, one.condition) == ("a", "x")
    assert read_text(text, config_id="y").statements == ()


def test_what_is_nested_too_deep_is_found_and_flattened() -> None:
    tree = read_text("a {\n" * 100 + "b\n" + "}\n" * 100 + "c\n")
    assert (65, "limit") in kinds(tree)
    assert {kind for _, kind in kinds(tree)} == {"limit"}
    assert [one.keyword for one in tree.statements] == ["a", "c"]


def test_a_place_reads_like_keepalived_names_it() -> None:
    assert str(Place("a.conf", 3)) == "a.conf:3"
