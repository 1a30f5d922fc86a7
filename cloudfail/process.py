"""The only module that starts processes."""

from __future__ import annotations

import subprocess

Popen = subprocess.Popen
run = subprocess.run
DEVNULL = subprocess.DEVNULL
PIPE = subprocess.PIPE
STDOUT = subprocess.STDOUT
CompletedProcess = subprocess.CompletedProcess
TimeoutExpired = subprocess.TimeoutExpired
CalledProcessError = subprocess.CalledProcessError
