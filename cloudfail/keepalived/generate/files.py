"""Every file of a node: path, text, mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import keepalived_conf
from cloudfail.keepalived.generate.gate import Gate
from cloudfail.keepalived.generate.host import host_files, real_server_files
from cloudfail.keepalived.generate.site import Member, Site

PUBLIC, PRIVATE = 0o644, 0o600
REDACTED = "********"
_LONGEST_PASS = 8

Secret = Callable[[Member], str]


class GeneratedFile(msgspec.Struct, frozen=True, kw_only=True):
    """`path` is absolute, on the node. A file that is `secret` has mode 0600."""

    path: str
    text: str
    mode: int = PUBLIC

    @property
    def secret(self) -> bool:
        return self.mode == PRIVATE


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """All files of a node; `missing` says what this keepalived lacks, a sentence each."""

    files: tuple[GeneratedFile, ...]
    missing: tuple[str, ...] = ()

    @property
    def main(self) -> GeneratedFile:
        return self.files[0]


def redacted(member: Member) -> str:
    """Stand in for a secret where people or logs look on."""
    del member
    return REDACTED


def secret_of(member: Member) -> str:
    """Read the secret of an instance. Raises ConfigError: unreadable, or no auth_pass."""
    path = member.instance.vrrp.authentication.secret_file
    key = f"instance.{member.instance.name}.authentication.secret_file"
    try:
        text = Path(path or "").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"{key}: {path}: {why}; write the secret into it, mode 0600") from error
    _check_mode(path or Path(), key)
    if not 0 < len(text) <= _LONGEST_PASS:
        raise ConfigError(
            f"{key}: {path} holds {len(text)} characters; auth_pass has 1 to {_LONGEST_PASS}, "
            "keepalived would cut the rest off"
        )
    if not (text.isascii() and text.isprintable()) or set(text) & set("\"\\'$~ "):
        raise ConfigError(
            f"{key}: {path} holds a character that keepalived would not read as it stands; use "
            "letters, digits and punctuation other than quotes, $, ~ and \\"
        )
    return text


def files_of(site: Site, secret: Secret = redacted) -> Generated:
    """Return every file of a machine; of a node, keepalived.conf first.

    `secret` gives the secret of an instance that has one. Raises ConfigError when the
    configuration asks for what the keepalived of the site cannot do.
    """
    if not site.members:
        texts = real_server_files(site.config)
        return Generated(files=tuple(GeneratedFile(path=p, text=t) for p, t in texts.items()))
    gate = Gate(site.version)
    blocks = {m.instance.name: keepalived_conf.instance_file(site, m, gate) for m in site.members}
    shared = site.config.keepalived
    apart = shared.file_per_instance
    main = keepalived_conf.main_file(site, gate, () if apart else tuple(blocks.values()))
    files = [GeneratedFile(path=f"{shared.directory}/keepalived.conf", text=main)]
    if apart:
        files += [
            GeneratedFile(path=instance_path(site, name), text=_headed(site, text))
            for name, text in blocks.items()
        ]
    files += _secrets(site, secret)
    files += [GeneratedFile(path=path, text=text) for path, text in host_files(site).items()]
    return Generated(files=tuple(files), missing=tuple(gate.missing))


def instance_path(site: Site, name: str) -> str:
    """Return the file of an instance that has one of its own, where `include` looks."""
    return keepalived_conf.include_pattern(site).replace("*", name)


def _headed(site: Site, text: str) -> str:
    return f"{keepalived_conf.HEADER}{site.name} at {site.address}, for keepalived {site.version}.\n{text}"


def _secrets(site: Site, secret: Secret) -> Iterator[GeneratedFile]:
    for member in site.members:
        if path := keepalived_conf.secret_path(site, member):
            text = keepalived_conf.secret_file(secret(member))
            yield GeneratedFile(path=path, text=_headed(site, text), mode=PRIVATE)


def _check_mode(path: Path, key: str) -> None:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigError(
            f"{key}: {path} has mode {mode:04o}: others than its owner can read the secret; "
            f"chmod 0600 {path}"
        )
