"""A node's steps, done by the vendor's own tool."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cloudfail.model import Step

from cloudfail_gcp import SPEC
from providers.gcp.nodes import Node

needs_gcloud = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")


def do_by_command(node: Node, step: Step, home: Path) -> None:
    """Run the step's command; `home` is a directory for what the tool keeps."""
    (home / "token").write_text("anybody")
    environ = {
        "PATH": os.environ["PATH"],
        "CLOUDSDK_CONFIG": str(home),
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(home / "token"),
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "0",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
        **SPEC.environment(node.setup.settings, node.provider.identify()),
    }
    done = subprocess.run(
        SPEC.render(step), env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
