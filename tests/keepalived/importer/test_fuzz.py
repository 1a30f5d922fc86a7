"""Whatever the text: a cloudfail.toml that loads, or a ConfigError; and no secret in what is shown."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.importer import Scripts, import_files
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.script import Script, cloud_in, read_script
from cloudfail.keepalived.importer.script.commands import commands_of
from cloudfail.keepalived.options import KEYWORDS
from cloudfail.keepalived.syntax import Place
from hypothesis import given, settings
from hypothesis import strategies as st

_SECRET = "hUnTer29"
_COMMON = [
    "eth0",
    "10.0.0.1",
    "10.0.0.2/24",
    "fd00::1",
    "MASTER",
    "BACKUP",
    "51",
    "100",
    "255",
    "-4",
    "0.5",
    "reverse",
    "weight",
    "dev",
    "lo",
    "chk",
    "brake",
    "on",
    "off",
    "2",
    "3",
    "A",
    "B",
    '""',
    "é",
    "@x",
    "$X",
    "0",
    "1",
    "/etc/x",
    "root",
    "x@example.com",
    "192.0.2.51",
    "::ffff:10.0.0.9",
    "fe80::1",
    '"killall"',
    '"</dev/tcp/127.0.0.1/80"',
    "label",
    "6",
]
_CALLS = [
    "aws",
    "ec2",
    "associate-address",
    "--public-ip",
    "203.0.113.7",
    "--region",
    "$X",
    "replace-route",
    "x",
    "=",
    ";",
    ">",
    "(",
    ")",
    "$(",
    "`",
    "'",
    "--route-table-id",
    "rtb-1",
    "--destination-cidr-block",
    "10.0.0.1/8",
    "assign-private-ip-addresses",
    "X=1",
    "--private-ip-addresses",
    "10.0.0.9",
    "--allocation-id",
    "eipalloc-1",
]
_WORDS = st.one_of(
    st.sampled_from(_COMMON),
    st.text(max_size=12),
    st.integers(-300, 70000).map(str),
)
_BLOCKS = ["global_defs", "vrrp_instance", "vrrp_script", "vrrp_sync_group", "vrrp_track_file"]
_BLOCKS += ["vrrp_track_process"]
_LISTS = ["virtual_ipaddress", "virtual_ipaddress_excluded", "unicast_peer", "track_script"]
_LISTS += ["track_interface", "track_file", "group", "notification_email", "track_process"]


@st.composite
def _line(draw: st.DrawFn, block: str) -> str:
    keyword = draw(st.one_of(st.sampled_from([*KEYWORDS.get(block, {"": None})]), _WORDS))
    return f"{keyword} {' '.join(draw(st.lists(_WORDS, max_size=3)))}"


@st.composite
def _list(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(_LISTS))
    lines = draw(st.lists(st.lists(_WORDS, min_size=1, max_size=4).map(" ".join), max_size=4))
    return f"{name} {{\n" + "\n".join(lines) + "\n}"


@st.composite
def _block(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from([*_BLOCKS, "vrrp_instance", "vrrp_instance"]))
    names = st.sampled_from(["A", "B", "chk", "brake"])
    name = draw(st.one_of(names, names, names, _WORDS))
    parts = draw(st.lists(st.one_of(_line(kind), _list()), max_size=8))
    secret = f"authentication {{\nauth_type PASS\nauth_pass {_SECRET}\n}}"
    if kind == "vrrp_instance":
        parts += draw(st.lists(st.just(secret), max_size=1))
    return f"{kind} {name} {{\n" + "\n".join(parts) + "\n}"


_TEXTS = st.lists(st.one_of(_block(), st.text(max_size=30)), max_size=6).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(_TEXTS, min_size=1, max_size=2))
def test_the_toml_loads_or_nothing_is_made(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        paths = []
        for number, text in enumerate(texts):
            paths.append(Path(name) / f"{number}.conf")
            paths[-1].write_text(text, encoding="utf-8", errors="replace")
        try:
            found = import_files(paths, scripts=Scripts(read=False))
        except ConfigError as error:
            if "no vrrp_instance" not in str(error):
                raise
            return
        toml = Path(name) / "cloudfail.toml"
        toml.write_text(found.toml)
        load(toml, {})
        assert _SECRET not in found.toml
        assert not [note for note in found.notes if _SECRET in str(note)]


@settings(max_examples=150, deadline=None)
@given(st.text(), st.lists(st.text(max_size=5), max_size=3))
def test_any_script_can_be_read(text: str, arguments: list[str]) -> None:
    list(commands_of(text, arguments))
    script = Script(text, Place("x", 1), tuple(arguments))
    read_script(script, Ledger())
    cloud_in(script)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([*_CALLS, "\n", "\\\n"]),
        max_size=25,
    ).map(" ".join)
)
def test_any_call_of_the_cli_can_be_read(text: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        script, conf = Path(name) / "m.sh", Path(name) / "a.conf"
        script.write_text(text)
        conf.write_text(
            f'vrrp_instance V {{\nvirtual_router_id 1\nnotify_master "{script}"\n'
            "unicast_src_ip 10.0.0.1\nunicast_peer {\n10.0.0.2\n}\n}\n"
        )
        toml = Path(name) / "cloudfail.toml"
        toml.write_text(import_files([conf]).toml)
        load(toml, {})
