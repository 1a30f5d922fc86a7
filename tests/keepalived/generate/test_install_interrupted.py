"""Ctrl-C at any moment of --install: all files are new, or all are as they were."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from cloudfail.keepalived.generate import files_of
from cloudfail.keepalived.generate.difference import changes_of
from cloudfail.keepalived.generate.install import install

from keepalived.generate.two_nodes import node_a

MORE = '[keepalived]\nvrrp_notify_fifo = "/run/cloudfail/fifo"\n[host]\nip_forward = true\n'
_REPLACED = 3  # keepalived.conf, tmpfiles and sysctl differ between the two


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_text()
        for path in sorted((root / "etc").rglob("*"))
        if path.is_file()
    }


class Interrupter:
    """Interrupts at a call of one method of os or Path: before it did anything, or after."""

    def __init__(self, owner: Any, name: str, at: int, *, is_after: bool) -> None:
        self.real, self.at, self.is_after = getattr(owner, name), at, is_after
        self.calls = 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        if self.calls == self.at and not self.is_after:
            raise KeyboardInterrupt
        found = self.real(*args)
        if self.calls == self.at:
            raise KeyboardInterrupt
        return found


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("at", range(1, 2 * _REPLACED + 1))
def test_between_two_replacements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, is_after: bool
) -> None:
    """The first ones are of the backup."""
    root = tmp_path / "root"
    root.mkdir()
    old = node_a(tmp_path)
    install(old, changes_of(old, files_of(old).files, root), root)
    before = tree(root)
    new = node_a(tmp_path, MORE, 170)
    changes = changes_of(new, files_of(new).files, root)
    assert len(changes) == _REPLACED
    interrupter = Interrupter(Path, "replace", at, is_after=is_after)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *args: interrupter(*args))  # noqa: PLW0108 - it binds
        with pytest.raises(KeyboardInterrupt):
            install(new, changes, root)
    assert tree(root) == before


@pytest.mark.parametrize("at", range(1, _REPLACED + 1))
def test_while_new_files_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    new = node_a(tmp_path)
    interrupter = Interrupter(os, "fsync", at, is_after=True)
    monkeypatch.setattr(os, "fsync", interrupter)
    with pytest.raises(KeyboardInterrupt):
        install(new, changes_of(new, files_of(new).files, root), root)
    assert interrupter.calls == at
    assert tree(root) == {}
