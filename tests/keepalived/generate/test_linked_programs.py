"""A check beneath /bin: keepalived 2.3.3 and newer drop it, and that is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.keepalived.generate import files_of, site_of
from cloudfail.keepalived.version import Version

TEXT = """
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
track_script = ["x"]
node = [
  { name = "a", address = "10.0.1.10", priority = 150 },
  { name = "b", address = "10.0.1.11", priority = 100 },
]
[vrrp_script.x]
command = ["PROGRAM", "-f", "/etc/x"]
"""


@pytest.mark.parametrize(
    ("program", "version", "is_said"),
    [
        ("/bin/test", Version(2, 3, 3), True),
        ("/bin/test", Version(2, 4, 0), True),
        ("/bin/test", Version(2, 2, 7), False),
        ("/usr/bin/test", Version(2, 3, 3), False),
        ("/binary/test", Version(2, 3, 3), False),
    ],
)
def test_a_program_behind_a_link_is_said_where_it_is_dropped(
    tmp_path: Path, program: str, version: Version, *, is_said: bool
) -> None:
    config = tmp_path / "cloudfail.toml"
    config.write_text(TEXT.replace("PROGRAM", program))
    generated = files_of(site_of(load(config, {}), "a", version))
    said = [one for one in generated.missing if f"name /usr{program} in vrrp_script.x" in one]
    assert bool(said) is is_said
    assert all(sentence in generated.main.text for sentence in said)
