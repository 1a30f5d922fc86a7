"""Whatever text a file holds: it is refused, or it can end no line, quote or block elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudfail.config import Config, load
from cloudfail.config.vrrp.text import LONGEST, LONGEST_COMMAND
from cloudfail.errors import ConfigError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

_NODE = '[[instance.edge.node]]\nname = "a"\naddress = "10.0.1.10"\npriority = 9\n'
_MAC = 'virtual_ipaddress = [{ address = "10.0.1.100", '
# Every key that holds text, with a text that is right; `@` is where it stands.
KEYS = {
    "the instance": ("[instance.@]\nprovider = 'cloud'\n", "edge"),
    "its device": ("interface = @\n", "eth0"),
    "an address": ("virtual_ipaddress = [@]\n", "10.0.1.100"),
    "an address excluded": ("virtual_ipaddress_excluded = [@]\n", "2001:db8::7"),
    "an address's device": (_MAC + "dev = @ }]\n", "eth0.100"),
    "an address's label": (_MAC + "label = @ }]\n", "eth0:1"),
    "a device tracked": ("track_interface = [@]\n", "eth1"),
    "a device in a table": ("track_interface = [{ name = @ }]\n", "eth1"),
    "a script tracked": ("track_script = [@]\n[vrrp_script.@]\nunit = 'x'\n", "web"),
    "a file tracked": ("track_file = [@]\n[track_file.@]\nfile = '/f'\n", "brake"),
    "a process tracked": ("track_process = [@]\n[track_process.@]\nprocess = 'x'\n", "p"),
    "the secret": ("authentication = { type = 'hmac', secret_file = @ }\n", "/etc/x.secret"),
    "a unit": ("services = { master = [@] }\n", "nginx.service"),
    "a node": (_NODE.replace('"a"', "@"), "node a"),
    "a node's device": (_NODE + "interface = @\n", "ens5"),
    "a node's router_id": (_NODE + "router_id = @\n", "edge-a"),
    "directory": ("[keepalived]\ndirectory = @\n", "/etc/keepalived"),
    "include": ("[keepalived]\ninclude = @\n", "conf.d/*.conf"),
    "command": ("[keepalived]\ncommand = @\n", "/usr/bin/cloudfail"),
    "script_user": ("[keepalived]\nscript_user = @\n", "nobody nogroup"),
    "fifo": ("[keepalived]\nvrrp_notify_fifo = @\n", "/run/x.fifo"),
    "fifo's user": ("[keepalived]\nvrrp_notify_fifo_user = @\n", "cloudfail"),
    "email": ("[keepalived]\nnotification_email = [@]\n", "ops@example.com"),
    "sender": ("[keepalived]\nnotification_email_from = @\n", "edge@example.com"),
    "mail server": ("[keepalived]\nsmtp_server = @\n", "127.0.0.1 25"),
    "port": ("[vrrp_script.x]\ntcp = @\n", "127.0.0.1:80"),
    "URL": ("[vrrp_script.x]\nhttp = @\n", "http://127.0.0.1/health"),
    "process checked": ("[vrrp_script.x]\nprocess = @\n", "nginx"),
    "unit checked": ("[vrrp_script.x]\nunit = @\n", "nginx"),
    "program": ("[vrrp_script.x]\ncommand = [@]\n", "/usr/bin/check"),
    "argument": ("[vrrp_script.x]\ncommand = ['/bin/sh', '-c', @]\n", "a | b; c"),
    "user of a script": ("[vrrp_script.x]\nunit = 'x'\nuser = @\n", "nobody"),
    "file": ("[track_file.x]\nfile = @\n", "/run/brake"),
    "process": ("[track_process.x]\nprocess = @\n", "haproxy"),
    "member": ("[instance.@]\nprovider = 'cloud'\n[vrrp_sync_group.g]\ninstances = ['edge', @]\n",
               "other"),
    "group": ("[instance.o]\nprovider = 'cloud'\n[vrrp_sync_group.@]\ninstances = ['edge', 'o']\n",
              "g"),
    "real server": ("[host]\nreal_server = [@]\n", "10.0.1.100"),
}  # fmt: skip
_EDGE = "[instance.edge]\nprovider = 'cloud'\n"
# keepalived.conf(5), lib/parser.c: what means more than itself, anywhere and outside of quotes.
_NEVER = re.compile(r"[\"'\\$~\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ONLY_IN_WORDS = re.compile(r"[#!{}]")
_NASTY = st.text("\"'\\\n\r\t\0\x0b\x85\u2028$~#!{}()@; `|&<>*[]%aA0./:-", max_size=6)


def toml(text: str) -> str:
    """Write any text as a basic string."""
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def read(path: Path, key: str, text: str) -> Config:
    template, _ = KEYS[key]
    path.write_text((_EDGE if key != "the instance" else "") + template.replace("@", toml(text)))
    return load(path, {})


def texts(value: Any, *, command: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield every text of a value, keys too, and whether it is a word of a command."""
    match value:
        case str():
            yield value, command
        case dict():
            for name, inner in value.items():
                yield from texts(name)
                yield from texts(inner, command=name == "command" and isinstance(inner, list))
        case list():
            for inner in value:
                yield from texts(inner, command=command)
        case _:
            pass


def written(config: Config) -> dict[str, Any]:
    """Return what a generator may write."""
    found: dict[str, Any] = msgspec.to_builtins(
        {
            "instances": dict(config.instances),
            "keepalived": config.keepalived,
            "host": config.host,
        },
        enc_hook=str,
    )
    return found


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, str]:
    """A key, and a right text with something in it; or any text at all."""
    key = draw(st.sampled_from(sorted(KEYS)))
    good = KEYS[key][1]
    if draw(st.booleans()):
        return key, draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    at = draw(st.integers(0, len(good)))
    return key, good[:at] + draw(_NASTY) * draw(st.sampled_from([1, 1, 1, 400])) + good[at:]


@given(spoilt())
@example(("script_user", "root$"))
@example(("URL", "http://127.0.0.1/~SEQ"))
@example(("its device", "eth0\nx"))
@example(("argument", "#!{}"))
@example(("argument", "a" * 2000))
@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_text_is_refused_or_stays_in_its_place(tmp_path: Path, case: tuple[str, str]) -> None:
    try:
        config = read(tmp_path / "cloudfail.toml", *case)
    except ConfigError:
        return
    for text, is_word in texts(written(config)):
        assert not _NEVER.search(text)
        assert is_word or not _ONLY_IN_WORDS.search(text)
        assert len(text) <= (LONGEST_COMMAND if is_word else LONGEST)
    for one in config.keepalived.scripts.values():
        assert len(" ".join(f"'{word}'" for word in one.command).encode()) <= LONGEST_COMMAND


@pytest.mark.parametrize("key", KEYS)
def test_a_plain_text_is_taken(tmp_path: Path, key: str) -> None:
    """Else the property would hold of a reader that refuses everything."""
    good = KEYS[key][1]
    found = list(texts(written(read(tmp_path / "cloudfail.toml", key, good))))
    assert any(good in text or text in good for text, _ in found)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("char", ['"', "'", "\\", "\n", "$", "~", "\0"])
def test_what_means_more_than_itself_is_refused_everywhere(
    tmp_path: Path, key: str, char: str
) -> None:
    with pytest.raises(ConfigError):
        read(tmp_path / "cloudfail.toml", key, KEYS[key][1] + char)
