"""Stub providers as tests see them: one process a schema, told what to do by lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

Values = dict[str, Any]

TESTS = Path(__file__).parents[1]
SCHEMAS = Path(__file__).parent / "schemas"
# Two majors a provider: the lowest version that the modules allow, and the newest that is known.
MAJORS = {
    "aws": ("aws-5", "aws-6"),
    "gcp": ("google-6", "google-8"),
    "azure": ("azurerm-4", "azurerm-5"),
}


class Stub:
    """A provider of one schema (`aws-5`) for every terraform that is started with `environment`."""

    def __init__(self, schema: str, socket: Path) -> None:
        self.schema = schema
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "terraform.stub.serve",
                str(SCHEMAS / f"{schema}.json"),
                str(socket),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS), "GRPC_VERBOSITY": "ERROR"},
        )
        try:
            self.reattach = self._line()
        except RuntimeError:
            self.stop()
            raise

    def stop(self) -> None:
        """It ends with its standard input, also when a test's process was killed."""
        self._process.communicate(timeout=30)

    def reset(self) -> None:
        """Forget what was applied and told."""
        self._call("reset")

    def objects(self, kind: str | None = None) -> list[Values]:
        """What there is in this cloud: values of a type's objects, or of all."""
        found = self._call("objects")
        return [each["values"] for each in found if kind in {None, each["type"]}]

    def one(self, kind: str, **where: object) -> Values:
        """The one object of a type whose values are these."""
        (found,) = [each for each in self.objects(kind) if where.items() <= _scalars(each).items()]
        return found

    def change(self, kind: str, identifier: str, **values: object) -> None:
        """Change an object behind Terraform's back, as a failover does: whole attributes or blocks."""
        self._call("put", kind, {"id": identifier, **values})

    def delete(self, kind: str, identifier: str) -> None:
        """Delete an object behind Terraform's back."""
        self._call("delete", kind, identifier)

    def tell(self, kind: str, where: Values | None = None, **values: object) -> None:
        """What data sources of this type say, when their arguments are like `where`."""
        self._call("tell", kind, where or {}, values)

    def _call(self, name: str, *arguments: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"call": name, "with": arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._line()
        if "error" in answer:
            raise LookupError(answer["error"])
        return answer["result"]

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the stub of {self.schema} ended; see its last words above")
        return json.loads(line)


def _scalars(values: Values) -> Values:
    return {name: each for name, each in values.items() if not isinstance(each, (list, dict))}
