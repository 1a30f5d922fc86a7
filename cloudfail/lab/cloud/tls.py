"""A certificate authority of one embedded cloud, for SDKs that send no token over plain HTTP."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cloudfail.errors import ProviderMissingError


class Authority:
    """Its PEM file is there until `close`. ProviderMissingError without trustme."""

    def __init__(self) -> None:
        try:
            import trustme
        except ImportError as exc:
            raise ProviderMissingError(
                "an embedded cloud with HTTPS needs trustme: pip install 'cloudfail[lab]'"
            ) from exc
        self._authority = trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="cloudfail-ca-")
        self.file = Path(self._folder.name) / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.file))
        # Nodes of the lab run as users of their own.
        self.file.chmod(0o644)
        self.file.parent.chmod(0o755)

    def context(self, hosts: Sequence[str]) -> ssl.SSLContext:
        """Return a server's context, whose certificate is for these names and addresses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*dict.fromkeys(hosts)).configure_cert(context)
        return context

    def close(self) -> None:
        self._folder.cleanup()
