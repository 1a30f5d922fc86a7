"""Authentication, and what it does not bring."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.view import Authentication, VrrpInstance
from cloudfail.keepalived.version import Version

_LONGEST = 8
_OTHERS_MAY_READ = 0o004
_HMAC = Version(2, 4, 2)
_TYPES = frozenset({"PASS", "AH"})


def _each(conf: NodeConf) -> Iterator[tuple[VrrpInstance, Authentication]]:
    for instance in conf.instances:
        found = instance.authentication
        if found is not None:
            yield instance, found


def _too_long(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance, found in _each(conf):
        length = len(found.secret.encode("utf-8", "replace"))
        if length > _LONGEST:
            yield Hit(
                found.secret_place,
                f"auth_pass of {instance.name} has {length} characters, of which {_LONGEST} count",
            )


def _readable(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance, found in _each(conf):
        mode = 0
        with contextlib.suppress(OSError, ValueError):
            mode = Path(found.secret_place.file).stat().st_mode
        if found.secret and mode & _OTHERS_MAY_READ:
            yield Hit(
                found.secret_place,
                f"auth_pass of {instance.name} is in a file that everybody can read",
            )


def _clear_text(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance, found in _each(conf):
        if found.type == "PASS" and instance.version == 2:  # noqa: PLR2004
            yield Hit(
                found.place, f"{instance.name}: PASS protects from mistakes, from nobody else"
            )


def _header(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance, found in _each(conf):
        if found.type == "AH":
            yield Hit(found.place, f"{instance.name} uses AH")


def _ignored(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance, found in _each(conf):
        if instance.version == 3:  # noqa: PLR2004
            yield Hit(found.place, f"{instance.name} is of version 3, which has no authentication")


def _incomplete(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance, found in _each(conf):
        if found.type not in _TYPES:
            what = f'auth_type "{found.type}" is none' if found.type else "no auth_type"
            yield Hit(found.place, f"{instance.name}: {what}, so nothing is authenticated")
        elif not found.secret:
            yield Hit(found.place, f"{instance.name}: no auth_pass, so nothing is authenticated")


def _hmac(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for instance in conf.instances:
        if instance.has("auth_hmac") and version < _HMAC:
            yield Hit(
                instance.place_of("auth_hmac"),
                f"auth_hmac of {instance.name} with keepalived {version}",
            )


def _hmac_too(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance, found in _each(conf):
        if instance.has("auth_hmac"):
            yield Hit(
                found.place, f"authentication of {instance.name} is dropped: it has auth_hmac"
            )


def _pair(*lines: str, head: str = "") -> str:
    written = "".join(f"    {line}\n" for line in lines)
    return f"vrrp_instance VI_1 {{\n{head}  authentication {{\n{written}  }}\n}}\n"


_GOOD = "vrrp_instance VI_1 {\n  version 3\n  advert_int 1\n}\n"
_KEY = '  auth_hmac {\n    key 1 "file:/etc/keepalived/hmac.key"\n    active_key 1\n  }\n'

RULES = (
    FileRule(
        code="KA046",
        title="auth_pass longer than 8 characters",
        severity=ERROR,
        why="`Truncating auth_pass to 8 characters`, `-t` exits 5: the rest protects nothing, and two "
        "nodes that differ behind the eighth agree.",
        remedy="use 8 characters at most",
        example=_pair("auth_type PASS", "auth_pass longer-than-8"),
        repaired=_pair("auth_type PASS", "auth_pass s3cr3t78"),
        check=_too_long,
    ),
    FileRule(
        code="KA047",
        title="auth_pass in a file that everybody can read",
        severity=WARNING,
        why="Whoever can log in can take the role away. keepalived reads its files as root.",
        remedy="chmod 0600 the file, or include one with mode 0600 that has the authentication block",
        example=_pair("auth_type PASS", "auth_pass s3cr3t78"),
        repaired="vrrp_instance VI_1 {\n  include secret/VI_1.conf\n}\n",
        check=_readable,
    ),
    FileRule(
        code="KA048",
        title="PASS is no protection",
        severity=INFO,
        why="The secret goes over the wire in clear text in each advert (tcpdump prints it). It only keeps "
        "two pairs apart that have the same virtual_router_id by mistake; unicast peers do that too.",
        remedy="use vrrp_check_unicast_src and the cloud's security groups instead",
        example=_pair("auth_type PASS", "auth_pass s3cr3t78"),
        repaired=_GOOD,
        check=_clear_text,
    ),
    FileRule(
        code="KA049",
        title="AH",
        severity=WARNING,
        why="It is IP protocol 51 instead of 112, which security groups seldom allow. After a split brain "
        "the loser's adverts were dropped as already processed: it stepped down 2 s later, and the survivor "
        "was told nothing.",
        remedy="take the block out; from 2.4.2 on there is auth_hmac",
        example=_pair("auth_type AH", "auth_pass s3cr3t78"),
        repaired=_GOOD,
        check=_header,
    ),
    FileRule(
        code="KA050",
        title="Authentication in version 3",
        severity=ERROR,
        replaces=("KA049",),
        why="`VRRP version 3 does not support authentication. Ignoring.`, `-t` exits 5. A node that still "
        "uses version 2 drops the adverts.",
        remedy="take the block out; from 2.4.2 on there is auth_hmac",
        example=_pair("auth_type PASS", "auth_pass s3cr3t78", head="  version 3\n"),
        repaired=_GOOD,
        check=_ignored,
    ),
    FileRule(
        code="KA051",
        title="auth_hmac before 2.4.2",
        severity=ERROR,
        why="It came with 2.4.0, and what it writes on the wire changed up to 2.4.2: nodes of two versions "
        "do not understand each other. An older keepalived does not know the block at all, and its `}` ends "
        "the vrrp_instance.",
        remedy="install the same keepalived, 2.4.2 or newer, on all nodes",
        example=f"vrrp_instance VI_1 {{\n{_KEY}}}\n",
        repaired=_GOOD,
        check=_hmac,
    ),
    FileRule(
        code="KA052",
        title="Authentication that is not complete",
        severity=ERROR,
        why="`unknown authentication type`, or `Authentication specified but no password given. Ignoring`. "
        "With auth_pass alone nothing is said at all, and `-t` exits 0.",
        remedy="write auth_type PASS and auth_pass, or take the block out",
        example=_pair("auth_pass s3cr3t78"),
        repaired=_pair("auth_type PASS", "auth_pass s3cr3t78"),
        check=_incomplete,
    ),
    FileRule(
        code="KA053",
        title="authentication and auth_hmac",
        severity=WARNING,
        why="They exclude each other: keepalived drops authentication.",
        remedy="take the authentication block out",
        example=_pair("auth_type PASS", "auth_pass s3cr3t78", head=_KEY),
        repaired=f"vrrp_instance VI_1 {{\n{_KEY}}}\n",
        version=_HMAC,
        check=_hmac_too,
    ),
)
