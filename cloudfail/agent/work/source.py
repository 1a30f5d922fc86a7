"""The provider of an instance, built once, when it is first needed."""

from __future__ import annotations

import threading

from cloudfail.agent.work.gate import Gate
from cloudfail.errors import CloudfailError
from cloudfail.provider import Provider
from cloudfail.target import Target


class Source:
    """Builds the provider at first use: that imports the cloud's SDK. Safe between threads."""

    def __init__(self, target: Target, gate: Gate) -> None:
        self._target, self._gate = target, gate
        self._lock = threading.Lock()
        self._built: Provider | None = None

    def provider(self) -> Provider:
        """Return it. Raises CloudfailError, each time until it can be built."""
        with self._lock:
            if self._built is None:
                try:
                    self._built = self._target.build(
                        self._gate.before_write, self._gate.on_call, self._gate.while_waiting
                    )
                except CloudfailError:
                    raise
                except (Exception, SystemExit) as error:
                    raise CloudfailError(
                        f"provider {self._target.spec.name} cannot be built: "
                        f"{type(error).__name__}: {error}"
                    ) from error
            return self._built
