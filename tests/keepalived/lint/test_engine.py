"""What holds for all rules: suppressions, order, conditions, includes, secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.lint import Finding, NodeConf, confs_of, confs_of_text, lint
from cloudfail.keepalived.lint.rule import MEASURED, FileRule
from cloudfail.keepalived.lint.rules import ALL, BY_CODE, same_as
from cloudfail.keepalived.lint.rules.nodes.example import PAIR
from cloudfail.model import Severity

OWNER = "vrrp_instance VI_1 {\n%s\n  priority 255%s\n}\n"
IGNORE = "# cloudfail: ignore "


def codes(text: str) -> dict[str, int]:
    """Each code with its last line."""
    return {one.code: one.place.line for one in lint(confs_of_text(text), MEASURED)}


@pytest.mark.parametrize(
    "text",
    [
        OWNER % (f"  {IGNORE}KA013 it owns the address", ""),
        OWNER % ("", f" {IGNORE}KA013 it owns the address"),
        OWNER % (f"  {IGNORE}KA013: it owns the address", ""),
        OWNER % ("  !cloudfail:ignore KA013,KA014 - it owns the address\n  state MASTER", ""),
        OWNER.replace("\n%s", "") % f" {IGNORE}KA013 KA013 it owns the address",
    ],
)
def test_a_finding_is_suppressed_with_a_reason_on_its_line_or_the_one_before(text: str) -> None:
    if "state" in text:
        text = text.replace("  state MASTER\n", "")
        assert codes(text)["KA913"] == 2, "KA014 is at the instance, not here"
    assert "KA013" not in codes(text)
    assert "KA911" not in codes(text)


FOR_FILE = f"{IGNORE[:-1]}-file "


def test_a_finding_is_suppressed_for_a_whole_file() -> None:
    text = OWNER % ("", "") + OWNER.replace("VI_1", "VI_2") % ("", "")
    assert "KA013" in codes(text)
    for whole in (text + f"{FOR_FILE}KA013 they own them\n", f"{FOR_FILE}KA013: both\n" + text):
        assert not {"KA013", "KA911", "KA913"} & codes(whole).keys()
    assert codes(f"{FOR_FILE}KA013\n{text}")["KA911"] == 1
    assert {"KA013"} <= codes(f"{FOR_FILE}KA013\n{text}").keys()
    assert codes(f"{FOR_FILE}KA012 none here\n{text}")["KA913"] == 1


def test_a_suppression_for_the_main_file_counts_for_what_it_includes(tmp_path: Path) -> None:
    why = f"{FOR_FILE}KA013 it owns the address\n"
    for inner, main, left in (("", why, 0), (why, "", 1), ("", "", 2)):
        (tmp_path / "inner.conf").write_text(inner + OWNER % ("", ""))
        (tmp_path / "main.conf").write_text(
            f"{main}include inner.conf\n" + OWNER.replace("VI_1", "VI_2") % ("", "")
        )
        found = lint(confs_of(tmp_path / "main.conf"), MEASURED)
        assert [one.code for one in found].count("KA013") == left
        assert "KA913" not in {one.code for one in found}


TRACKED = "  track_interface {\n%s    eth1 weight -100\n  }\n  interface eth0"


def paired(comment: str, other: str = PAIR[1]) -> list[str]:
    """A node whose tracker has a weight, beside another; each code above INFO."""
    first = PAIR[0].replace("  interface eth0", TRACKED % comment)
    nodes = [*confs_of_text(first, "a"), *confs_of_text(other, "b")]
    return [one.code for one in lint(nodes, MEASURED) if one.severity is not Severity.INFO]


def test_beside_the_other_nodes_a_rule_that_only_guesses_at_them_is_silent() -> None:
    assert "KA088" in codes(PAIR[0].replace("  interface eth0", TRACKED % ""))
    assert paired("") == ["KA132"]
    assert paired("", PAIR[1].replace("  nopreempt\n", "")) == []


@pytest.mark.parametrize("code", ["KA088", "KA132"])
def test_who_knows_a_finding_knows_what_says_the_same(code: str) -> None:
    """And where the rule was not asked, that it found nothing says nothing."""
    comment = f"    {IGNORE}{code} tried it\n"
    assert paired(comment) == []
    assert (
        not {"KA088", "KA913"}
        & codes(PAIR[0].replace("  interface eth0", TRACKED % comment)).keys()
    )
    harmless = paired(f"    {IGNORE}KA088 tried it\n", PAIR[1].replace("  nopreempt\n", ""))
    assert harmless == []


def test_rules_replace_and_settle_rules_that_are_there() -> None:
    others = [(rule, code) for rule in ALL for code in (*rule.replaces, *rule.settles)]
    assert len(others) > 5
    for rule, code in others:
        assert {rule.code, code} <= same_as(rule.code) & same_as(code)
        assert code in BY_CODE
    assert all(isinstance(BY_CODE[code], FileRule) for rule in ALL for code in rule.settles)
    assert same_as("KA013") == {"KA013"}


@pytest.mark.parametrize(
    ("line", "once", "instead"),
    [
        ("  nopreempt", "KA127", "KA014"),
        ("  vrrp_higher_prio_send_advert true", "KA126", "KA062"),
        ("  vrrp_check_unicast_src", "KA121", "KA007"),
    ],
)
def test_what_lacks_on_one_node_only_is_said_once(line: str, once: str, instead: str) -> None:
    assert instead in codes(PAIR[0].replace(f"{line}\n", ""))
    nodes = [*confs_of_text(PAIR[0].replace(f"{line}\n", ""), "a"), *confs_of_text(PAIR[1], "b")]
    found = [one.code for one in lint(nodes, MEASURED)]
    assert (found.count(once), found.count(instead)) == (1, 0)


@pytest.mark.parametrize(
    "comment", ["KA013", "KA013 ", "KA013:", "KA013,", "because it owns it", "", "ka013 a reason"]
)
def test_a_suppression_without_code_or_reason_does_not_count(comment: str) -> None:
    found = codes(OWNER % (f"  {IGNORE}{comment}", ""))
    assert found["KA013"] == 3
    assert found["KA911"] == 2


@pytest.mark.parametrize("text", [OWNER % (f"  {IGNORE}KA013 far away\n\n", ""),
                                  (OWNER % ("", "")) + f"{IGNORE}KA013 too late\n"])  # fmt: skip
def test_a_suppression_elsewhere_is_unused(text: str) -> None:
    found = codes(text)
    assert {"KA013", "KA913"} <= found.keys()


def test_a_suppression_of_an_unknown_code_is_a_finding() -> None:
    assert codes(f"{IGNORE}KA077,KA777 so it is\n") == {"KA912": 1, "KA913": 1, "KA090": 1}


def test_a_suppression_of_what_was_not_looked_for_is_no_mistake() -> None:
    unlooked = [rule.code for rule in ALL if rule.code[2] in "12"]
    text = "".join(f"{IGNORE}{code} so it is\n" for code in unlooked)
    assert codes(text) == {"KA090": 1}


def test_what_is_said_of_a_suppression_cannot_be_suppressed() -> None:
    found = codes(f"{IGNORE}KA913 quiet\n{IGNORE}KA013 unused\n")
    assert found["KA913"] == 2


def test_a_comment_that_speaks_of_it_is_no_suppression() -> None:
    assert "KA911" not in codes("# see cloudfail: ignore\n# cloudfail: ignored\n")


def test_findings_are_in_the_order_of_files_lines_and_codes(tmp_path: Path) -> None:
    texts = {
        "b.conf": "include inner.conf\n",
        "inner.conf": OWNER % ("", ""),
        "a.conf": OWNER % ("", ""),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    confs = [conf for name in ("b.conf", "a.conf") for conf in confs_of(tmp_path / name)]
    found = [one for one in lint(confs, MEASURED) if one.code < "KA1"]
    places = [(Path(one.place.file).name, one.place.line, one.code) for one in found]
    order = ["b.conf", "inner.conf", "a.conf"]
    assert places == sorted(places, key=lambda one: (order.index(one[0]), *one[1:]))
    assert {name for name, *_ in places} == {"inner.conf", "a.conf"}
    assert lint(confs, MEASURED) == lint(list(confs), MEASURED)


def test_a_file_that_two_nodes_include_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "shared.conf").write_text(OWNER % (f"  {IGNORE}KA014 unused", ""))
    confs: list[NodeConf] = []
    for name in "ab":
        (tmp_path / f"{name}.conf").write_text("include shared.conf\n")
        confs += confs_of(tmp_path / f"{name}.conf")
    found = [one.code for one in lint(confs, MEASURED) if one.code in ("KA013", "KA913")]
    assert found == ["KA913", "KA013"]


CONDITIONAL = """vrrp_instance VI_1 {
  @a priority 255
  @b priority 100
  @^a state MASTER
  nopreempt
}
"""


def test_each_config_id_is_a_node_of_its_own() -> None:
    confs = confs_of_text(CONDITIONAL)
    assert [conf.name for conf in confs] == ["a", "b"]
    assert [conf.instances[0].priority for conf in confs] == [255, 100]
    assert [conf.instances[0].state for conf in confs] == ["", "MASTER"]
    found = [one for one in lint(confs, MEASURED) if one.code in ("KA012", "KA013")]
    assert [(one.place.line, one.code) for one in found] == [(2, "KA013"), (5, "KA012")]


@pytest.mark.parametrize("line", ["@^a state MASTER", ""])
def test_a_file_with_one_id_is_for_a_node_with_another_one_too(line: str) -> None:
    confs = confs_of_text(f"vrrp_instance V {{\n@a priority 150\n{line}\n}}\n")
    assert [(conf.config_id, conf.name) for conf in confs] == [("a", "a"), ("", "keepalived.conf")]
    assert [conf.instances[0].priority for conf in confs] == [150, 100]


def test_nodes_of_one_file_are_compared() -> None:
    text = "vrrp_instance V {\n@a virtual_router_id 1\n@b virtual_router_id 2\n}\n"
    compared = {rule.code for rule in ALL if rule.code.startswith("KA1")}
    assert compared
    assert compared & {one.code for one in lint(confs_of_text(text), MEASURED)}


def test_a_keyword_of_the_checkers_is_left_alone() -> None:
    text = (
        "virtual_server 10.0.0.1 80 {\n  frobnicate 1\n  real_server 10.0.0.2 80 {\n    weight\n"
        "    HTTP_GET {\n      url {\n        path /\n      }\n    }\n  }\n}\n"
        "bfd_instance b {\n  anything\n}\nvirtual_server_group g {\n  x\n}\n"
    )
    assert codes(text) == {}


def test_an_unknown_keyword_is_explained() -> None:
    text = "vrrp_instance V {\n  prioriti 1\n  router_id a\n}\nglobal_defs {\n  json_file_location /x\n}\n"
    found = [one.remedy for one in lint(confs_of_text(text), MEASURED) if one.code == "KA091"]
    assert found == [
        'did you mean "priority"',
        "it belongs to global_defs: is there a brace missing, or one too many",
        "write json_dump_file",
    ]


def test_no_finding_shows_a_secret() -> None:
    for secret in ("tops3cret-and-long", '"tops3cret', "tops3cret {"):
        for kind in ("PASS", "AH", "MD5", ""):
            text = f"vrrp_instance V {{\n authentication {{\n  auth_type {kind}\n  auth_pass {secret}\n }}\n}}\n"
            found = lint(confs_of_text(text), MEASURED)
            assert found
            assert not [one for one in found if "tops3cret" in str(one)]


def test_a_finding_is_one_line_for_people() -> None:
    (one,) = [one for one in lint(confs_of_text(OWNER % ("", "")), MEASURED) if one.code == "KA013"]
    assert isinstance(one, Finding)
    assert one.severity is Severity.ERROR
    assert str(one) == "keepalived.conf:3: error KA013 VI_1 has priority 255; use 254 or less"
