"""Which file keepalived executes for a first word."""

from __future__ import annotations

import pytest
from cloudfail.keepalived.command import Code, Resolved, Weakness, resolve

from keepalived.command.machine import Machine

SCRIPT = "#!/bin/bash\n"


def path_of(machine: Machine, argv0: str, *, symlink_paths: bool = False) -> str:
    found = resolve(argv0, root=machine.root, symlink_paths=symlink_paths)
    assert isinstance(found, Resolved), found
    return found.path


def code_of(machine: Machine, argv0: str) -> Code:
    found = resolve(argv0, root=machine.root)
    assert isinstance(found, Weakness)
    return found.code


def test_links_are_followed_below_the_root_that_is_examined(machine: Machine) -> None:
    machine.write("/srv/x", SCRIPT)
    machine.link("/a/x", "/srv/../srv/./x")
    machine.link("/b", "a")
    assert path_of(machine, "/b//x") == "/srv/x"
    assert path_of(machine, "/b/x", symlink_paths=True) == "/b/x"


def test_a_link_keeps_its_name_only_where_the_target_has_a_twin(machine: Machine) -> None:
    machine.write("/srv/x", SCRIPT)
    machine.link("/a/other", "/srv/x")
    assert path_of(machine, "/a/other") == "/srv/x"
    machine.link("/srv/other", "x")
    assert path_of(machine, "/a/other") == "/srv/other"
    machine.at("/srv/other").unlink()
    machine.write("/srv/other", SCRIPT)
    assert path_of(machine, "/a/other") == "/srv/x"


def test_a_bare_name_is_looked_for_in_path_and_must_be_executable(machine: Machine) -> None:
    machine.write("/usr/local/bin/x", SCRIPT, 0o644)
    machine.write("/usr/sbin/x", SCRIPT)
    found = resolve("x", root=machine.root)
    assert isinstance(found, Resolved)
    assert found.path == "/usr/sbin/x"
    assert found.searched == ("/usr/local/bin", "/usr/sbin")
    assert resolve("x", "/usr/local/bin:relative:", root=machine.root).path == "x"


@pytest.mark.parametrize(
    "argv0",
    ["/none", "/none/x", "/usr/bin/curl/x", "/usr/bin/curl/", "none", "", "/loop", "/a\udc00\ud800",
     "/" + "n" * 300, "/" + "n/" * 5000],
)  # fmt: skip
def test_what_is_not_there_is_missing(machine: Machine, argv0: str) -> None:
    machine.link("/loop", "loop")
    assert code_of(machine, argv0) is Code.MISSING


def test_a_root_that_is_not_there_has_nothing(machine: Machine) -> None:
    found = resolve("/usr/bin/curl", root=machine.root / "none")
    assert isinstance(found, Weakness)
