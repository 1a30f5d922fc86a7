"""Any text is read to its end, without an exception; and as real keepalived reads it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from cloudfail.keepalived.syntax import Statement, read_files, read_text
from hypothesis import given, settings
from hypothesis import strategies as st

from keepalived.syntax.real import END, NEEDS_KEEPALIVED, check

FRAGMENTS = (
    "a", "b1", "c-d", "e.f", '"q r"', '"x#y"', '"{"', '"', "'", "\\", '\\"', "{", "}", "#", "!",
    "@vm ", "@^vm ", "@x ", "$", "=", ",", "(", ")", "$A=", "$B=", "$A", "${A}", "${B}", "$B ",
    "~SEQ(I,1,2) ", "~SEQ(J,2,1) ", "~LST(K,u,v) ", "${I}", "${J}", "${K}", "${_HASH}",
    " ", "\t", "  ", "\n", "\n", "\n", "\n\n", "\r\n", "\f", " \\\n", "\n$M= \\\n", "$M\n",
)  # fmt: skip
ODD = (
    "include top.conf\n", "include *\n", "include {a,b}{c,d}\n", "includea /nonexistent/*\n",
    "include_check -x +match\n", "~SEQ(I,1,999) ", "~SEQx(I,-1) ", "~LST({A,B},{1},{2,3}) ",
    "$A=${A}${A}\n", "$A=${B}\n", "$B=$A\n", "$M=$M\\\n", "${_RANDOM 1 2}", "${_ENV X}", "${_PWD}",
    "vrrp_instance", "virtual_ipaddress {", "script '", "\0", "\ufeff", "\udcff", "\x85", "é",
    "{" * 70, "}" * 70, "x" * 1023, "\\x", "\\c", "\\8",
)  # fmt: skip
ANYTHING = st.one_of(
    st.text(), st.lists(st.sampled_from(FRAGMENTS + ODD), max_size=60).map("".join)
)


@given(text=ANYTHING, config_id=st.sampled_from([None, "vm"]))
@settings(deadline=None)
def test_any_text_is_read(text: str, config_id: str | None) -> None:
    tree = read_text(text, config_id=config_id)
    for above, one in tree.walk():
        assert one.words
        assert len(above) <= 64
    assert all(1 <= finding.place.line <= text.count("\n") + 1 for finding in tree.findings)


@given(data=st.one_of(st.binary(), ANYTHING.map(lambda text: text.encode("utf-8", "replace"))))
@settings(deadline=None)
def test_any_bytes_are_read_even_where_they_include_themselves(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    top = tmp_path_factory.mktemp("fuzz") / "top.conf"
    top.write_bytes(data)
    tree = read_files([top])
    assert tree.files[0] == str(top)


@pytest.mark.parametrize(
    "text",
    [
        "{" * 1_000_000,
        "}" * 1_000_000,
        "a{" * 500_000,
        "${" * 500_000,
        "x ${A " * 170_000,
        '"' * 1_000_000,
        "notify " + "\\c" * 500_000,
        "\n" * 1_000_000,
        "a {\n" * 100_000,
        "~SEQ(I,1,99999999) ~SEQ(J,1,99999999) x {\n",
        "~LST(" + "{" * 1_000_000,
        "$A=a\\\n" + "$A\\\n" * 50_000 + "\n$A\n",
        "$M=\\\n$M\\\n$M\n\n$M\n",
        "include " + "{a,b}" * 1_000 + "\n",
        "include " + "*/" * 500 + "\n",
    ],
    ids=lambda text: repr(text[:20]),
)
@pytest.mark.sweep
@pytest.mark.timeout(60)
def test_what_is_huge_ends(tmp_path: Path, text: str) -> None:
    assert read_text(text, base=tmp_path).files == ("<text>",)


def drawn(seed: int) -> str:
    """Lines of fragments. Without `\\#`: the first process, whose words we see, reads it otherwise."""
    pick = random.Random(seed)
    while True:
        text = "".join(pick.choice(FRAGMENTS) for _ in range(pick.randint(3, 25)))
        if not any(sign in text for sign in ("\\#", "\\!", "\\${_HASH}", "\\$A", "\\$B", "\\${")):
            return f"{text}\n\n{END}\n"


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
@pytest.mark.parametrize("first", range(0, 300, 50))
def test_keepalived_reads_the_same_keywords(tmp_path: Path, first: int) -> None:
    compared = 0
    for seed in range(first, first + 50):
        path = tmp_path / "top.conf"
        path.write_text(drawn(seed), newline="")
        tree = read_files([path], config_id="vm")
        if any(finding.kind == "definition" for finding in tree.findings):
            continue  # `${X}` stays a word here, its braces are a block to keepalived
        read = [(Path(one.place.file).name, one.place.line, one.keyword) for _, one in tree.walk()]
        ending = [place for place, one in enumerate(read) if one[2] == END]
        said = check(path, "-i", "vm").unknown(path.name)
        assert read[: ending[0]] == said, (seed, path.read_text())
        compared += 1
    assert compared > 15


ACCEPTED = """global_defs {
  router_id x
  notification_email {
    a@example.org
  }
  script_user root
  enable_script_security
  dynamic_interfaces
}
vrrp_script s {
  script "/usr/bin/true a"
  interval 2
}
vrrp_instance A {
  interface eth9
  virtual_router_id 5
  priority 100
  unicast_src_ip 10.0.0.2
  unicast_peer {
    10.0.0.3
  }
  virtual_ipaddress {
    10.0.0.1/32 dev eth9
  }
  notify "/usr/bin/true 'x y'" root
  track_script {
    s
  }
}
"""
CHANGES = (
    (" {\n", "\n{\n"), (" {\n", " { "), ("\n}", " }"), ("  }\n", "}"), ("\n", " # \"it's\n"),
    ("\n", "! }\n"), ("\n", "\r\n"), (" ", "\t"), ("x", '"x"'), ("100", '"100"'), ("\n", "\n@x }\n"),
    ("\n", "\n$A=1\n"), ("100", "${A}00"), ("\n", "\n@^vm {\n"), ("s\n", '"s"\n'), ("\n", "\n\n"),
    ("'", "\\'"), ('"', ""), ("{", ""), ("}", ""), ("a", "${A}"), ("\n", " \\\n"), ("\n", ""),
    ("\n", "\n~SEQ(I,1,0) x\n"), ("10.0.0.3\n", "~SEQ(I,3,5) 10.0.0.${I}\n"), ("'x", "\"'x"),
    ("\n", "\n# { include x\n"), ("\n", "\n$M=\\\n  \\\n\n"), ("\n", "\n$M\n"), ("'", "\\\""),
)  # fmt: skip


def changed(seed: int) -> str:
    pick = random.Random(seed)
    text = ACCEPTED
    for _ in range(pick.randint(1, 3)):
        old, new = pick.choice(CHANGES)
        places = [at for at in range(len(text)) if text.startswith(old, at)]
        if places:
            at = pick.choice(places)
            text = text[:at] + new + text[at + len(old) :]
    return text


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
def test_what_keepalived_accepts_has_no_finding(tmp_path: Path) -> None:
    path = tmp_path / "top.conf"
    codes = []
    for seed in range(200):
        path.write_text(changed(seed), newline="")
        code = check(path, "-i", "vm").code
        codes.append(code)
        if code == 0:
            findings = read_files([path], config_id="vm").findings
            # A script that keepalived drops with a line in its log: it says 0 to that.
            assert {finding.kind for finding in findings} <= {"script"}, (seed, path.read_text())
    assert codes.count(0) > 50
    assert len(codes) - codes.count(0) > 50


def everything(statement: Statement) -> int:
    return 1 + sum(map(everything, statement.children or ()))


SAMPLES = sorted(
    path
    for directory in ("/usr/share/doc/keepalived/samples", "/etc/keepalived")
    for path in Path(directory).glob("keepalived.conf.*")
    if path.suffix != ".gz"
)


@pytest.mark.skipif(not SAMPLES, reason="keepalived's sample files are not installed")
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_of_keepalived_has_no_finding(path: Path) -> None:
    tree = read_files([path])
    assert tree.findings == ()
    assert sum(map(everything, tree.statements)) > 5
