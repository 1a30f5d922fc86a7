"""The control API of an embedded cloud in another process. Standard library only."""

from __future__ import annotations

import http.client
import time
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec

from cloudfail.clock import SystemClock
from cloudfail.errors import DeadlineError, UnreachableError, UsageError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.notices import Notice
from cloudfail.lab.cloud.records import Call, Change

PREFIX = "/_lab"
REFUSED = 400
B = TypeVar("B")


class CloudControl(Generic[B]):
    """`control_url` is what the embedded cloud printed as `control`. Thread-safe.

    `built` is the type that this cloud answers to `build`.

    Raises UnreachableError when nobody answers, UsageError when the cloud refuses the request.
    """

    def __init__(self, control_url: str, built: type[B]) -> None:
        self.control_url = control_url.rstrip("/")
        self._built = built
        parts = urlsplit(self.control_url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._path = parts.path

    def wait_ready(self, seconds: float) -> None:
        """Wait until the cloud answers; raise DeadlineError when it does not within `seconds`."""
        until = time.monotonic() + seconds
        while True:
            try:
                self._ask("GET", "ready")
            except UnreachableError as exc:
                if time.monotonic() > until:
                    raise DeadlineError(
                        f"the embedded cloud at {self.control_url} did not answer within "
                        f"{seconds:g} s; look at its standard error"
                    ) from exc
                SystemClock().sleep(0.02)
            else:
                return

    def build(self, world: msgspec.Struct) -> B:
        """Replace whatever the cloud held; changes and calls start anew."""
        return msgspec.json.decode(self._ask("POST", "build", world), type=self._built)

    def adopt(self, instances: dict[str, str]) -> B:
        """Take what others made in the cloud for its world; `instances` are nodes' ids by name."""
        return msgspec.json.decode(self._ask("POST", "adopt", instances), type=self._built)

    def built(self) -> B:
        """Return what the last `build` or `adopt` gave, or `--world` at the start."""
        return msgspec.json.decode(self._ask("GET", "built"), type=self._built)

    def set_faults(self, faults: Faults) -> None:
        self._ask("POST", "faults", faults)

    def changes(self, since: int = 0, wait: float = 0.0) -> list[Change]:
        """Return changes numbered above `since`; wait up to `wait` seconds for the first one."""
        path = f"changes?since={since}&wait={wait}"
        return msgspec.json.decode(self._ask("GET", path, patience=wait), type=list[Change])

    def calls(self, since: int = 0) -> list[Call]:
        """Return calls numbered above `since`."""
        return msgspec.json.decode(self._ask("GET", f"calls?since={since}"), type=list[Call])

    def holders(self) -> list[Change]:
        """Tell who holds each target now, as the latest change would have said it."""
        return msgspec.json.decode(self._ask("GET", "holders"), type=list[Change])

    def violations(self) -> list[str]:
        """Tell what broke the vendor's published contract, since the last `build`."""
        return msgspec.json.decode(self._ask("GET", "violations"), type=list[str])

    def terminate_node(self, name: str) -> None:
        self._ask("POST", "terminate", {"name": name})

    def announce(self, node: str, kind: str, seconds: float = 120.0) -> Notice:
        """Have the node's metadata service tell of what comes in so many seconds."""
        wanted = {"node": node, "kind": kind, "seconds": seconds}
        return msgspec.json.decode(self._ask("POST", "announce", wanted), type=Notice)

    def withdraw(self, node: str, kind: str = "") -> None:
        self._ask("POST", "withdraw", {"node": node, "kind": kind})

    def announced(self) -> list[Notice]:
        """Return the notices that hold, and when the nodes saw and acknowledged them."""
        return msgspec.json.decode(self._ask("GET", "announced"), type=list[Notice])

    def enforce_iam(
        self,
        policies: list[dict[str, Any]],
        roles: dict[str, list[dict[str, Any]]] | None = None,
    ) -> None:
        """From now on the nodes may do only what `policies` allow, others what `roles` do."""
        self._ask("POST", "iam", {"policies": policies, "roles": roles or {}})

    def enforce_attached_iam(self) -> None:
        """From now on the nodes may do only what the cloud's own IAM has for their roles."""
        self._ask("POST", "iam", {"policies": None, "attached": True})

    def relax_iam(self) -> None:
        self._ask("POST", "iam", {"policies": None})

    def reset(self) -> None:
        """Leave an empty cloud without faults, changes or calls."""
        self._ask("POST", "reset")

    def _ask(self, method: str, path: str, body: Any = None, patience: float = 0.0) -> bytes:
        data = None if body is None else msgspec.json.encode(body)
        link = http.client.HTTPConnection(self._host, self._port, timeout=patience + 30)
        try:
            link.request(method, f"{self._path}/{path}", body=data)
            answer = link.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as exc:
            raise UnreachableError(f"no answer from {self.control_url}: {exc}") from exc
        finally:
            link.close()
        if answer.status >= REFUSED:
            raise UsageError(f"{self.control_url}/{path}: {text.decode(errors='replace')}")
        return text
