"""Read cloudfail.toml: everything that is wrong at once, or a Config."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cloudfail import registry
from cloudfail.config import environment, rules
from cloudfail.config.agent.reader import read_agent, read_responders
from cloudfail.config.agent.rules import check_agent
from cloudfail.config.claims import Keyed, read_claims
from cloudfail.config.file import ClaimingTable, FileTable, GuardTable, InstanceTable, JournalTable
from cloudfail.config.model import Config, GuardSettings, Instance, JournalSettings
from cloudfail.config.nodes import read_nodes
from cloudfail.config.problems import Problem, Problems, nearest
from cloudfail.config.settings import read_settings
from cloudfail.config.shape import add_unknown, check_table
from cloudfail.config.values import parse_network
from cloudfail.config.vrrp.instance import read_vrrp
from cloudfail.config.vrrp.rules import check_vrrp, settle_preemption
from cloudfail.config.vrrp.shared import read_host, read_keepalived
from cloudfail.errors import ConfigError, ProviderMissingError
from cloudfail.model import Network
from cloudfail.provider import ProviderSpec

DEFAULT_PATH = Path("/etc/cloudfail/cloudfail.toml")
_IFNAMSIZ = 16  # linux/if.h, the final NUL included
_OF_CLAIMS = ClaimingTable.__struct_fields__
_INSTANCE_NAME = "letters, digits and . _ : @ -"


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Return the configuration. Raises ConfigError with the first thing that is wrong.

    What concerns one provider only (it is not installed) harms no instance of another: it is
    raised when that provider is loaded.
    """
    config, problems = examine(path, environ)
    serious = [problem for problem in problems if not problem.provider]
    if serious:
        more = f" ({len(serious) - 1} more: `cloudfail config check`)" if len(serious) > 1 else ""
        raise ConfigError(f"{serious[0]}{more}")
    return config


def examine(
    path: Path, environ: Mapping[str, str] | None = None
) -> tuple[Config, Sequence[Problem]]:
    """Return what could be read, and everything that is wrong.

    Raises ConfigError when the file cannot be read at all, or is not TOML.
    """
    problems = Problems(str(path))
    document = read_toml(path)
    if not document:
        problems.add("", "the file is empty", "write [instance.NAME], its provider and its claims")
    for name in document:
        if name not in FileTable.__struct_fields__:
            add_unknown(name, name, list(FileTable.__struct_fields__), problems)
    reading = _Reading(document, os.environ if environ is None else environ, problems)
    config = reading.config(path)
    return config, tuple(problems.found)


def without_file(environ: Mapping[str, str] | None = None) -> Config:
    """Return the configuration of a machine that has no file: variables and defaults."""
    problems = Problems(environment.SOURCE)
    config = _Reading({}, os.environ if environ is None else environ, problems).config(None)
    if problems.found:
        raise problems.found[0].as_error()
    return config


def read_toml(path: Path) -> dict[str, Any]:
    """Return the document. Raises ConfigError: missing, unreadable, no UTF-8, no TOML (line)."""
    try:
        return _parse(path.read_bytes().decode())
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: no such file; write it, or name another with --config FILE"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; it must be a file that this user may read"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not TOML: nested too deep; remove brackets") from error


def _parse(text: str) -> dict[str, Any]:
    """Raises ValueError; tomllib's own for a number of thousands of digits says nothing of TOML."""
    if text.startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark; save it as UTF-8 without one")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        raise ValueError("a number in it has thousands of digits; correct it") from error


def is_there(path: Path) -> bool:
    """Say whether there is something; what may not be looked at is there, and its reader says so."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


class _Reading:
    """One pass over one document."""

    def __init__(
        self, document: Mapping[str, Any], environ: Mapping[str, str], problems: Problems
    ) -> None:
        self._document, self._environ, self._problems = document, environ, problems
        self._specs: dict[str, ProviderSpec | None] = {}
        self._unusable: dict[str, str] = {}

    def config(self, path: Path | None) -> Config:
        guard = self._guard()
        journal = self._journal()
        keepalived = read_keepalived(self._document, self._problems)
        instances = {
            name: settle_preemption(
                instance, keepalived, self._problems, is_written=self._says(name, "nopreempt")
            )
            for name, instance in self._instances(guard.protected).items()
        }
        check_vrrp(instances, keepalived, self._problems)
        agent = read_agent(self._document, self._environ, self._problems)
        check_agent(instances, agent, keepalived, self._problems)
        return Config(
            path=path,
            instances=instances,
            providers=self._providers(),
            specs={name: spec for name, spec in self._specs.items() if spec is not None},
            unusable=dict(self._unusable),
            journal=journal,
            guard=guard,
            keepalived=keepalived,
            host=read_host(self._document, self._problems),
            agent=agent,
        )

    def _table(self, name: str) -> Mapping[str, Any]:
        table = self._document.get(name, {})
        if isinstance(table, Mapping):
            return table
        named = ".NAME" if name in {"instance", "provider"} else ""
        self._problems.add(name, "must be a table", f"write [{name}{named}], in single brackets")
        return {}

    def _says(self, instance: str, key: str) -> bool:
        table = self._table("instance").get(instance)
        return isinstance(table, Mapping) and key in table

    def _guard(self) -> GuardSettings:
        values = check_table(self._table("guard"), GuardTable, "guard", self._problems)
        values |= environment.overrides("guard", GuardTable, self._environ, self._problems)
        texts = values.get("protected", ())
        parsed = (
            parse_network(text, f"guard.protected[{index}]", self._problems)
            for index, text in enumerate(texts)
        )
        protected = tuple(network for network in parsed if network is not None)
        return GuardSettings(**{**values, "protected": protected})

    def _journal(self) -> JournalSettings:
        values = check_table(self._table("journal"), JournalTable, "journal", self._problems)
        values |= environment.journal_overrides(self._environ, self._problems)
        if "path" in values:
            values["path"] = Path(values["path"])
        return JournalSettings(**values)

    def _instances(self, protected: Sequence[Network]) -> dict[str, Instance]:
        instances: dict[str, Instance] = {}
        claims: dict[str, list[Keyed]] = {}
        for name, table in self._table("instance").items():
            key = f"instance.{name}"
            self._check_name(name, key)
            if not isinstance(table, Mapping):
                self._problems.add(key, "must be a table", f"write [{key}], in single brackets")
                continue
            instance = self._instance(name, table, key)
            claims[name] = read_claims(self._array(table, key, "claim"), key, self._problems)
            if instance is not None:
                instances[name] = instance
                rules.check_claims(claims[name], instance.nodes, protected, self._problems)
                self._check_provider(instance, claims[name], key)
        unique = rules.check_duplicates(claims, self._problems)
        rules.check_virtual_routers(
            [(f"instance.{name}", instance) for name, instance in instances.items()],
            self._problems,
        )
        return {
            name: msgspec.structs.replace(instance, claims=tuple(unique[name]))
            for name, instance in instances.items()
        }

    def _check_name(self, name: str, key: str) -> None:
        """Keepalived's argv must carry it, and files are named by it."""
        if not name or not all(char.isalnum() or char in "._:@-" for char in name):
            self._problems.add(key, "is no name keepalived can hand over", f"use {_INSTANCE_NAME}")
        elif name.startswith("-"):
            self._problems.add(key, "looks like a flag", "begin it with a letter or a digit")

    def _instance(self, name: str, table: Mapping[str, Any], key: str) -> Instance | None:
        before = self._problems.count()
        own = {field: value for field, value in table.items() if field not in {"node", "claim"}}
        good = check_table(own, InstanceTable, key, self._problems)
        good |= environment.instance_overrides(self._environ, self._problems)
        nodes = read_nodes(self._array(table, key, "node"), key, self._problems)
        self._check_interface(good.get("interface", ""), f"{key}.interface")
        for index, node in enumerate(nodes):
            self._check_interface(node.interface, f"{key}.node[{index}].interface")
        vrrp = read_vrrp(good, key, self._problems)
        if self._problems.count() > before and "provider" not in good:
            return None
        own = {field: value for field, value in good.items() if field in _OF_CLAIMS}
        responders = read_responders(good.get("responder", ()), f"{key}.responder", self._problems)
        return Instance(name=name, nodes=nodes, vrrp=vrrp, responders=responders, **own)

    def _check_interface(self, name: str, key: str) -> None:
        """Hold it against the kernel's rule (dev_valid_name): it becomes part of paths."""
        bad = any(char.isspace() or char in "/:" for char in name)
        if bad or name in {".", ".."} or len(name.encode()) > _IFNAMSIZ - 1:
            self._problems.add(
                key, f'"{name}" is no network device', "write it as `ip link` does, like eth0"
            )

    def _array(self, table: Mapping[str, Any], key: str, name: str) -> list[Any]:
        value = table.get(name, [])
        if isinstance(value, list):
            return value
        self._problems.add(f"{key}.{name}", "must be an array of tables", f"write [[{key}.{name}]]")
        return []

    def _check_provider(self, instance: Instance, claims: Sequence[Keyed], key: str) -> None:
        spec = self._spec(instance.provider, f"{key}.provider")
        if spec is not None:
            rules.check_kinds(claims, spec, key, self._problems)
            rules.check_declared_subnet(claims, spec, instance.nodes, self._problems)

    def _providers(self) -> dict[str, msgspec.Struct]:
        table = self._table("provider")
        named = [*table, *(name for name in self._specs if name not in table)]
        settings: dict[str, msgspec.Struct] = {}
        for name in named:
            if not isinstance(table.get(name, {}), Mapping):
                self._problems.add(f"provider.{name}", "must be a table", "write [provider.aws]")
                continue
            spec = self._spec(name, f"provider.{name}")
            if spec is None:
                continue
            environment.check_names(name, spec.settings, self._environ, self._problems)
            found = read_settings(spec, table.get(name, {}), self._environ, self._problems)
            if found is not None:
                settings[name] = found
        return settings

    def _spec(self, name: str, key: str) -> ProviderSpec | None:
        if name not in self._specs:
            try:
                self._specs[name] = registry.load(name)
            except ProviderMissingError as error:
                self._specs[name] = None
                remedy = nearest(name, registry.available()) or "see `cloudfail providers`"
                self._problems.add(key, str(error), remedy, provider=name)
                self._unusable[name] = str(self._problems.found[-1])
        return self._specs[name]
