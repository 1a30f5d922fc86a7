"""An address that every machine has is no virtual one."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.errors import ConfigError

from keepalived.generate.two_nodes import write_pair


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::1/128", "127.9.9.9"])
@pytest.mark.parametrize("key", ["virtual_ipaddress", "virtual_ipaddress_excluded"])
def test_keepalived_is_not_told_to_take_localhost_from_lo(
    tmp_path: Path, key: str, address: str
) -> None:
    """On BACKUP it removes each address of its lists; ::1/128 is exactly the kernel's own."""
    path = write_pair(tmp_path)
    path.write_text(
        path.read_text().replace("[instance.edge]\n", f'[instance.edge]\n{key} = ["{address}"]\n')
    )
    with pytest.raises(ConfigError, match=rf"edge\.{key}\[0\]: .*is every machine's own"):
        load(path, {})
