"""Import, generate from the result, read what was generated, and look for what was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_interface
from pathlib import Path

from cloudfail.config import Config, load
from cloudfail.keepalived.command.words import split
from cloudfail.keepalived.generate import Member, files_of, names_of, site_of
from cloudfail.keepalived.importer import Imported, import_files
from cloudfail.keepalived.syntax import Statement, Tree, read_files
from cloudfail.keepalived.version import Version
from msgspec.structs import replace

VERSION = Version(2, 2, 7)
_ADDRESSES = frozenset({"virtual_ipaddress", "virtual_ipaddress_excluded"})
_COMMANDS = frozenset({"script", "notify", "notify_master_rx_lower_pri"})
_TRUE = frozenset({"on", "true", "yes"})
_OFF = frozenset({"off", "false", "no"})
# What is written where it is not the default only: these values are there without a word.
_UNSAID = frozenset({("weight", "0"), ("init_fail",)})
Key = tuple[str, ...]


def written(files: dict[str, str], directory: Path) -> list[Path]:
    """Write them, and return those that are a node's own: not the included ones."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [directory / name for name in files if "conf.d" not in name]


def loaded(found: Imported, directory: Path) -> Config:
    """Load the toml as `cloudfail config check` does; keepalived.conf goes into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "cloudfail.toml"
    path.write_text(found.toml)
    config = load(path, {})
    return replace(config, keepalived=replace(config.keepalived, directory=str(directory)))


def generated(found: Imported, directory: Path) -> dict[str, Path]:
    """Return keepalived.conf of each node, in a directory of its own."""
    made = {}
    for name in names_of(loaded(found, directory / "plain")):
        place = directory / f"node-{name}"
        site = site_of(loaded(found, place), name, VERSION)
        for file in files_of(site, lambda member: _secret(found, member)).files:
            path = Path(file.path)
            if path.is_relative_to(place):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(file.text)
        (place / "conf.d").mkdir(exist_ok=True)
        for extra, text in found.extras.items():
            (place / extra).parent.mkdir(exist_ok=True)
            (place / extra).write_text(text)
        made[name] = place / "keepalived.conf"
    return made


def _secret(found: Imported, member: Member) -> str:
    return found.secrets[member.instance.name].value


def lost(old: Tree, found: Imported, new: Tree) -> list[str]:
    """Return the options of the old file that are neither in the new one nor in a note."""
    noted = {place for note in found.notes for place in (note.place, *note.covers)}
    there = {key for above, one in new.walk() for key in keys(above, one)}
    return [
        f"{one.place}: {' '.join(key)}"
        for above, one in old.walk()
        if one.place not in noted
        for key in keys(above, one)
        if key not in there and key[-2:] not in _UNSAID and key[-1:] not in _UNSAID
    ]


def keys(above: Sequence[Statement], one: Statement) -> Iterator[Key]:
    """Return the option as it is compared: its blocks, its keyword, its value."""
    path: list[str] = []
    for block in above:
        path += [block.keyword.replace("vrrp_track_file", "track_file"), *block.args]
    within = above[-1].keyword if above else ""
    if one.is_block:
        return
    if within in _ADDRESSES:
        yield (*path, *_address(one, above))
    elif one.keyword in _COMMANDS:
        argv = split(one.value)
        yield (*path, one.keyword, *(argv if isinstance(argv, tuple) else ()), *one.args[1:])
    elif one.value in _OFF:
        return
    else:
        words = [word for word in one.args if word not in _TRUE | {"dev"}]
        yield (*path, one.keyword, *map(_number, words))


def _address(one: Statement, above: Sequence[Statement]) -> Iterator[str]:
    words = list(one.args)
    device = next((s.value for s in above[-2].find("interface")), "eth0") if len(above) > 1 else ""
    yield str(ip_interface(one.keyword))
    for name in ("dev", "label"):
        if name in words and (value := words[words.index(name) + 1]) != device:
            yield f"{name} {value}"


def _number(word: str) -> str:
    try:
        return f"{float(word):g}"
    except ValueError:
        return word


def imported(paths: Sequence[Path]) -> Imported:
    return import_files(paths)


def old_trees(paths: Sequence[Path]) -> Iterator[tuple[str, Tree]]:
    """One tree a node: a file, or an id of its `@` conditions."""
    for path in paths:
        tree = read_files([path])
        for one in tree.node_ids:
            yield one or "", tree if one is None else read_files([path], config_id=one)
