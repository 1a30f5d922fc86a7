"""google-cloud-compute's REST clients of one endpoint: retries off, built when first used."""

from __future__ import annotations

import re
import threading
from importlib import import_module
from typing import Any

from cloudfail.provider import Setup
from google.api_core.client_options import ClientOptions
from requests.adapters import HTTPAdapter

from cloudfail_gcp.credentials import Check, Gate, find_credentials
from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.rest import Rest

_OWN = {"Rest": Rest}
# Besides those of the lanes, those of a look.
_LOOKS = 8
HOST = "https://compute.googleapis.com"


class Clients:
    """Thread-safe. `check(verb, url)` is called right before each request leaves."""

    def __init__(self, setup: Setup, metadata: Metadata, check: Check) -> None:
        self._setup = setup
        self._metadata = metadata
        self._check = check
        self._known: dict[str, Any] = {}
        self._gate: Gate | None = None
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        return str(self._setup.settings.endpoint) or HOST

    def client(self, name: str) -> Any:
        """Return the client of this class. Raises ConfigError for credentials that are off."""
        with self._lock:
            if self._gate is None:
                found = find_credentials(
                    self._setup.settings,
                    self._metadata,
                    is_elsewhere=bool(self._setup.interface_id and self._setup.settings.project),
                )
                self._gate = Gate(found, self._check)
            if name not in self._known:
                options = ClientOptions(api_endpoint=self.endpoint)
                kind = _OWN.get(name) or _class_of(name)
                client = kind(credentials=self._gate, client_options=options)
                self._widen(client)
                self._known[name] = client
            return self._known[name]

    def _widen(self, client: Any) -> None:
        """Keep a connection for each call at once: the SDK keeps ten, and has no way to say how many."""
        session = client.session if isinstance(client, Rest) else client.transport._session  # noqa: SLF001
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=self._setup.width + _LOOKS))


def _class_of(name: str) -> Any:
    """Import nothing but this client's own module: all of them together cost a promotion time."""
    words = re.sub("(?<!^)(?=[A-Z])", "_", name.removesuffix("Client")).lower()
    return getattr(import_module(f"google.cloud.compute_v1.services.{words}"), name)
