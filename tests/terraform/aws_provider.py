"""The real hashicorp/aws provider, where this machine has it: the registry is never asked."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

VARIABLE = "CLOUDFAIL_TERRAFORM_MIRROR"
_PLACES = (
    Path.home() / ".terraform.d/plugins",
    Path("/usr/local/share/terraform/plugins"),
    Path("/usr/share/terraform/plugins"),
    *sorted(Path("/opt").glob("*")),
)
_MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
_PROVIDER = f"registry.terraform.io/hashicorp/aws/*/linux_{_MACHINE}/terraform-provider-aws_v*"
MISSING = (
    "no terraform-provider-aws here; `terraform providers mirror DIRECTORY` in examples/"
    f"aws-public-ip/terraform fetches one, and {VARIABLE}=DIRECTORY names it"
)
# What the machine of whoever runs the tests says of AWS is not for the provider.
_KEPT = ("PATH", "TMPDIR")


class Real(NamedTuple):
    """A provider that runs, as terraform is told of it."""

    reattach: dict[str, Any]


def provider() -> Path | None:
    """Return the newest one; None where there is none. RuntimeError for a mirror without one."""
    named = os.environ.get(VARIABLE, "")
    places = (Path(named),) if named else _PLACES
    found = [path for place in places for path in place.glob(_PROVIDER) if path.is_file()]
    if named and not found:
        raise RuntimeError(f"{VARIABLE}={named}: no {_PROVIDER} there")
    return max(found, key=_version, default=None)


def _version(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.parents[1].name.split(".") if part.isdigit())


@contextlib.contextmanager
def serving(provider: Path, scratch: Path, **environment: str) -> Iterator[Real]:
    """Run the provider until the end.

    One process serves every command: it loads its schema once. `environment` says where AWS is.
    """
    served = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with (
        (scratch / "provider.log").open("w") as log,
        subprocess.Popen(
            [provider, "-debug"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**served, "HOME": str(scratch), **environment},
        ) as process,
    ):
        try:
            yield Real(_reattach(process))
        finally:
            process.send_signal(signal.SIGINT)  # it closes its socket, and ends
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def _reattach(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"TF_REATTACH_PROVIDERS='(.+)'", line):
            told: dict[str, Any] = json.loads(found[1])
            return told
    raise RuntimeError("the provider ended before it served")
