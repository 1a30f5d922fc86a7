"""The real terraform, in a private copy of what a module or an example needs of this tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

Values = dict[str, Any]

REPOSITORY = Path(__file__).parents[2]
LITTER = shutil.ignore_patterns(".terraform*", "*.tfstate*", "__pycache__")
# Nothing is ever asked of a registry: a provider that is not served is not found here either.
NOWHERE = 'provider_installation {\n  filesystem_mirror {\n    path = "/nonexistent"\n  }\n}\n'


class RefusedError(Exception):
    """A command failed; the text is terraform's own, in one line without its frames."""


class Plan:
    """A plan as `terraform show -json` tells it, which is asked when the first test looks."""

    def __init__(self, show: Callable[[], Values], *, is_empty: bool) -> None:
        self.is_empty = is_empty
        self._show = show

    @cached_property
    def told(self) -> Values:
        return self._show()

    @property
    def outputs(self) -> Values:
        planned = self.told["planned_values"].get("outputs", {})
        return {name: each.get("value") for name, each in planned.items()}

    @property
    def changes(self) -> dict[str, list[str]]:
        """Address of each object that would change, with what would be done to it."""
        changes = self.told.get("resource_changes", [])
        actions = {each["address"]: each["change"]["actions"] for each in changes}
        return {name: each for name, each in actions.items() if each not in (["no-op"], ["read"])}

    def after(self, address: str) -> Values:
        """What an object would be; what is decided at apply is not there."""
        for each in self.told.get("resource_changes", []):
            if each["address"] == address:
                values: Values = each["change"]["after"]
                return values
        raise LookupError(f"no {address} in the plan: {', '.join(self.changes)}")


class State:
    """What was applied, as `terraform show -json` tells it."""

    def __init__(self, told: Values) -> None:
        values = told.get("values", {})
        self.outputs = {name: each["value"] for name, each in values.get("outputs", {}).items()}
        self.resources = dict(_resources(values.get("root_module", {})))


def _resources(module: Values) -> list[tuple[str, Values]]:
    own = [(each["address"], each["values"]) for each in module.get("resources", [])]
    return own + [pair for child in module.get("child_modules", []) for pair in _resources(child)]


class Workspace:
    """Runs terraform in `directory`; nothing is written into the tree that is tested."""

    def __init__(self, directory: Path, scratch: Path, environment: Mapping[str, str]) -> None:
        self.directory = directory
        self.variables: Values = {}
        self._scratch = scratch
        self._plans = 0
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(scratch),
            "TF_DATA_DIR": str(scratch / "data"),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            # Collecting garbage as often as Go does takes a quarter of a command's processor time.
            "GOGC": "800",
            "GOMEMLIMIT": "1GiB",
            **environment,
        }

    def write(self, name: str, text: str) -> None:
        """Put a file beside the copied ones."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def command(self, name: str, script: str) -> None:
        """A command of the machine that runs terraform: what a provisioner finds by this name."""
        path = self._scratch / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        self._environment["PATH"] = f"{path.parent}:{os.environ['PATH']}"

    def run(
        self, *command: str, expected: tuple[int, ...] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        """Run terraform; an exit code that is not expected raises `RefusedError`."""
        done = subprocess.run(
            ["terraform", *command],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if done.returncode not in expected:
            raise RefusedError(
                f"terraform {' '.join(command)}: {one_line(done.stderr + done.stdout)}"
            )
        return done

    def init(self) -> None:
        self.run("init", "-backend=false", "-no-color")

    def validate(self) -> None:
        self.run("validate", "-no-color")

    def plan(self, *options: str) -> Plan:
        """Plan, with the state as the last apply left it and the provider's objects as they are now."""
        self._plans += 1
        path = str(self._scratch / f"plan-{self._plans}")
        done = self.run(
            "plan",
            "-no-color",
            "-detailed-exitcode",
            f"-out={path}",
            *self._told(),
            *options,
            expected=(0, 2),
        )
        return Plan(
            lambda: json.loads(self.run("show", "-json", path).stdout),
            is_empty=done.returncode == 0,
        )

    def apply(self, *options: str) -> State:
        self.run("apply", "-no-color", "-auto-approve", *self._told(), *options)
        return self.state()

    def destroy(self, *options: str) -> State:
        self.run("destroy", "-no-color", "-auto-approve", *self._told(), *options)
        stored = json.loads((self.directory / "terraform.tfstate").read_text(encoding="utf-8"))
        return self.state() if stored["resources"] else State({})

    def state(self) -> State:
        return State(json.loads(self.run("show", "-json").stdout))

    def test(self, *options: str) -> str:
        """Run the `*.tftest.hcl` of this directory and its `tests`; the report, or `RefusedError` with it."""
        return self.run("test", "-no-color", *options).stdout

    def _told(self) -> tuple[str, ...]:
        path = self._scratch / "variables.tfvars.json"
        path.write_text(json.dumps(self.variables), encoding="utf-8")
        return (f"-var-file={path}",)


def one_line(text: str) -> str:
    """Terraform's report without its frames and line ends, to search in."""
    for frame in "│╷╵":
        text = text.replace(frame, " ")
    return " ".join(text.split())


def environment(scratch: Path, *served: Mapping[str, Any]) -> dict[str, str]:
    """What terraform is told of providers: those that run already, by their addresses, and no others."""
    config = scratch / "terraform.rc"
    config.write_text(NOWHERE, encoding="utf-8")
    running = {address: each for one in served for address, each in one.items()}
    return {"TF_CLI_CONFIG_FILE": str(config), "TF_REATTACH_PROVIDERS": json.dumps(running)}


def copied(scratch: Path) -> Path:
    """A copy of everything that modules and examples refer to."""
    tree = scratch / "tree"
    for part in ("terraform", "examples"):
        shutil.copytree(REPOSITORY / part, tree / part, ignore=LITTER)
    for permissions in REPOSITORY.glob("providers/*/permissions.json"):
        copy = tree / permissions.relative_to(REPOSITORY)
        copy.parent.mkdir(parents=True)
        shutil.copy(permissions, copy)
    return tree
