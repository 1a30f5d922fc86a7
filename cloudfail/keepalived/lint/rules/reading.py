"""KA901 to KA907: what the reader found. KA911 to KA913: suppressions, which the engine judges."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, FileRule, Hit, Rule
from cloudfail.keepalived.version import Version


def _found(conf: NodeConf, version: Version, kind: str) -> Iterator[Hit]:
    del version
    for finding in conf.tree.findings:
        if finding.kind == kind:
            yield Hit(finding.place, finding.message)


_PLAIN = "vrrp_instance VI_1 {\n  priority 150\n}\n"
_MASTER = "vrrp_instance VI_1 {\n  # cloudfail: ignore KA013%s\n  priority 255\n}\n"
_REASON = " this pair owns its address"

RULES: tuple[Rule, ...] = (
    FileRule(
        code="KA901",
        title="Braces that do not match",
        severity=ERROR,
        why="A missing } makes everything below a part of the block (`-t` exits 5); one too many ends the "
        "block too early, and what follows is `Unknown keyword`.",
        remedy="count the braces; one statement a line, each } on a line of its own",
        example="vrrp_instance VI_1 {\n  virtual_ipaddress {\n    10.99.0.100/32\n}\n",
        repaired=_PLAIN,
        check=partial(_found, kind="brace"),
    ),
    FileRule(
        code="KA902",
        title="A quote that is not closed",
        severity=ERROR,
        why="`Unterminated quote`: the quote ends with the line, and comments in it count as text.",
        remedy='close the "',
        example='vrrp_instance VI_1 {\n  notify "/usr/bin/cloudfail notify\n}\n',
        repaired='vrrp_instance VI_1 {\n  notify "/usr/bin/cloudfail notify"\n}\n',
        check=partial(_found, kind="quote"),
    ),
    FileRule(
        code="KA903",
        title="An include that is not read",
        severity=WARNING,
        why="keepalived logs a line, and runs on without the file.",
        remedy="correct the path; it is relative to the file that has the line",
        example="include /nonexistent/instance.conf\n",
        repaired=_PLAIN,
        check=partial(_found, kind="include"),
    ),
    FileRule(
        code="KA904",
        title="A definition that cannot be replaced",
        severity=ERROR,
        replaces=("KA004", "KA015", "KA016", "KA020", "KA023", "KA037", "KA046"),
        why="${NAME} of an unknown name stays as it is, and its braces count as those of a block.",
        remedy="define it above with $NAME=value",
        example="vrrp_instance VI_1 {\n  priority ${PRIORITY}\n}\n",
        repaired="$PRIORITY=150\nvrrp_instance VI_1 {\n  priority ${PRIORITY}\n}\n",
        check=partial(_found, kind="definition"),
    ),
    FileRule(
        code="KA905",
        title="A sequence that cannot be read",
        severity=ERROR,
        why="keepalived drops the line, and everything that it should have made.",
        remedy="write it as in keepalived.conf(5): ~SEQ(NAME, 1, 3) text",
        example="vrrp_instance VI_1 {\n  virtual_ipaddress {\n    ~SEQ(x) 10.99.0.$x/32\n  }\n}\n",
        repaired="vrrp_instance VI_1 {\n  virtual_ipaddress {\n    ~SEQ(x, 1, 3) 10.99.0.$x/32\n  }\n}\n",
        check=partial(_found, kind="sequence"),
    ),
    FileRule(
        code="KA906",
        title="A byte order mark",
        severity=ERROR,
        why="keepalived takes it for a part of the first word, which it does not know then.",
        remedy="save the file as UTF-8 without BOM",
        example="\ufeffglobal_defs {\n}\n",
        repaired="global_defs {\n}\n",
        check=partial(_found, kind="encoding"),
    ),
    FileRule(
        code="KA907",
        title="More than is read",
        severity=ERROR,
        why="keepalived reads 1023 characters of a line, and takes the rest for a new one. Files, lines and "
        "nesting that no real configuration has, cloudfail does not read to the end.",
        remedy="make it shorter",
        example="global_defs {\n  router_id " + "a" * 1100 + "\n}\n",
        repaired="global_defs {\n  router_id a\n}\n",
        check=partial(_found, kind="limit"),
    ),
    Rule(
        code="KA911",
        title="A suppression without a reason",
        severity=WARNING,
        why="In a year nobody knows whether it still holds. It does not count until it has one.",
        remedy="write the reason after the code: # cloudfail: ignore KA013 because of REASON",
        example=_MASTER % "",
        repaired=_MASTER % _REASON,
    ),
    Rule(
        code="KA912",
        title="A suppression of an unknown code",
        severity=WARNING,
        why="A mistyped code suppresses nothing.",
        remedy="see `cloudfail lint --list` for the codes",
        example=_MASTER.replace("013", "000") % _REASON,
        repaired=_MASTER % _REASON,
    ),
    Rule(
        code="KA913",
        title="A suppression that is not used",
        severity=WARNING,
        why="The next mistake of this kind on the line would be hidden.",
        remedy="take the comment out, or move it to the line before the finding",
        example=_MASTER.replace("255", "254") % _REASON,
        repaired=_MASTER % _REASON,
    ),
)
