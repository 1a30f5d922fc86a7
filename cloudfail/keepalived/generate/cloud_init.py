"""The node's files as user data: written at its first boot, without any secret."""

from __future__ import annotations

import base64
import json
from pathlib import Path, PurePosixPath

from cloudfail.config import DEFAULT_PATH
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.files import Generated, GeneratedFile
from cloudfail.keepalived.generate.keepalived_conf import include_patterns
from cloudfail.keepalived.generate.packages import packages_of
from cloudfail.keepalived.generate.render import render
from cloudfail.keepalived.generate.site import Site


def cloud_init(site: Site, generated: Generated) -> str:
    """Return a `#cloud-config` document.

    cloudfail itself must be in the image, or be installed by other user data before this one. The
    secrets of instances are left out: the document says which files the machine has to fetch, and
    then generates what needs them itself. Raises ConfigError for a configuration out of a pipe.
    """
    files = [_own_config(site), *(file for file in generated.files if not file.secret)]
    parents = [str(PurePosixPath(pattern).parent) for pattern in include_patterns(site)]
    return render(
        "cloud-init.yaml.j2",
        site=site,
        files=tuple(files),
        packages=packages_of(site),
        directories=tuple(dict.fromkeys(parents)) or (site.config.keepalived.directory,),
        secrets=tuple(_secrets(site)),
        command=site.config.keepalived.command,
        lines=_lines,
        scalar=_scalar,
        is_plain=_is_plain,
        base64=_base64,
    )


def _own_config(site: Site) -> GeneratedFile:
    path = site.config.path
    if path is None or not path.is_file():
        raise ConfigError(
            f"{path}: is no file that can be read again, and cloud-init brings it to the node; "
            "write the configuration to a file: --config FILE"
        )
    return GeneratedFile(path=str(DEFAULT_PATH), text=path.read_bytes().decode())


def _scalar(text: str) -> str:
    """Return the text in quotes: in YAML `no` is false, and a comma ends an item of a list."""
    return json.dumps(text, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Say whether a YAML block gives the text back: YAML has more line ends, and fewer characters."""
    return text.endswith("\n") and all(char in "\n\t" or char.isprintable() for char in text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _lines(text: str) -> list[str]:
    """Return the lines of a YAML block; only a line feed ends one."""
    return text.removesuffix("\n").split("\n")


def _secrets(site: Site) -> list[Path]:
    found = (member.instance.vrrp.authentication.secret_file for member in site.members)
    return [path for path in dict.fromkeys(found) if path is not None]
