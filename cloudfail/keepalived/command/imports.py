"""May others change what Python code that root runs imports? Every directory, file and .pth target."""

from __future__ import annotations

import itertools
import posixpath
import stat
from collections.abc import Iterator

from cloudfail.keepalived.command.environment import Environment
from cloudfail.keepalived.command.pth import Target, targets
from cloudfail.keepalived.command.tree import Step, Tree
from cloudfail.keepalived.command.trust import Fault, fault_of, way_faults
from cloudfail.keepalived.command.weakness import Code, Effect, Weakness

# Of one directory: the first few say what is wrong with it.
_MOST_FAULTS = 5
_MOST_ENTRIES = 100_000
_MODULES = (".py", ".pyc", ".so")


class Imports:
    """Reads each directory once, however many commands import from it."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, tuple[Fault, ...]] = {}

    def weaknesses(self, environment: Environment, home: str) -> Iterator[Weakness]:
        """Yield what others may change; `home` is empty when the user's own packages are off."""
        sites = (*environment.sites(self._tree), *(environment.user_sites(home) if home else ()))
        if environment.config:
            for fault in way_faults(self._tree, environment.config):
                yield _imported(fault)
        for place in dict.fromkeys((*environment.library(self._tree), *sites)):
            for fault in self.below(place):
                yield _imported(fault)
        yield from self._linked(sites)

    def beside(self, directory: str) -> Iterator[Weakness]:
        """Yield what others may change in the directory that Python puts first, not below it."""
        for fault in self._first(directory):
            yield _imported(fault, "root's Python looks there first: ")

    def below(self, place: str) -> tuple[Fault, ...]:
        """Return the faults of the way to a directory, and of everything in it."""
        if place not in self._known:
            self._known[place] = ()  # a link in it may lead back to it
            self._known[place] = tuple(dict.fromkeys(self._look(place)))
        return self._known[place]

    def _linked(self, sites: tuple[str, ...]) -> Iterator[Weakness]:
        todo, seen = list(sites), set(sites)
        while todo:
            for target in targets(self._tree, todo.pop(0)):
                for fault in self.below(target.path):
                    yield _named(fault, target)
                if target.is_site and target.path not in seen:
                    seen.add(target.path)
                    todo.append(target.path)

    def _first(self, directory: str) -> Iterator[Fault]:
        yield from way_faults(self._tree, directory)
        way = self._tree.walk(directory)
        if way.error:
            return
        inside = (s for s in self._tree.entries(way.real) if s.path.endswith(_MODULES))
        for step in (way.last, *inside):
            if fault := fault_of(step, sticky=False):
                yield fault

    def _look(self, place: str) -> Iterator[Fault]:
        """A sticky directory is no better than another: a new file in it is imported as well."""
        yield from way_faults(self._tree, place)
        way = self._tree.walk(place)
        if way.error:
            return
        yield from itertools.islice(self._inside(way.last), _MOST_FAULTS)

    def _inside(self, top: Step) -> Iterator[Fault]:
        todo = [top]
        seen = 0
        while todo:
            step = todo.pop()
            seen += 1
            if seen > _MOST_ENTRIES:
                yield _too_much(top.path)
                return
            if fault := fault_of(step, sticky=False):
                yield fault
                continue
            if stat.S_ISLNK(step.status.st_mode):
                yield from self.below(step.path)
            if stat.S_ISDIR(step.status.st_mode) and not _is_apart(step.path, top.path):
                todo += list(self._tree.entries(step.path))[::-1]


def _is_apart(path: str, top: str) -> bool:
    """Python imports nothing from .git, and from site-packages only if that is named itself."""
    name = posixpath.basename(path)
    return path != top and (name.startswith(".") or name in {"site-packages", "dist-packages"})


def _too_much(path: str) -> Fault:
    return Fault(
        Code.NOT_EXAMINED,
        path,
        f"{path} has more than {_MOST_ENTRIES} files, the rest was not examined",
        "install the program into a virtual environment of its own, as root",
    )


def _imported(fault: Fault, before: str = "root's Python imports from there: ") -> Weakness:
    if fault.code is Code.NOT_EXAMINED:
        return fault.weakness(Effect.NOTE)
    return fault.weakness(Effect.UNSAFE, Code.IMPORT_PATH_WRITABLE, before)


def _named(fault: Fault, target: Target) -> Weakness:
    if fault.code is Code.NOT_EXAMINED:
        return fault.weakness(Effect.NOTE)
    before = f"{target.pth} makes root's Python import from {target.path}: "
    return fault.weakness(Effect.UNSAFE, Code.PTH_TARGET_WRITABLE, before)
