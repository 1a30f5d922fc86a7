"""The reference pages come from the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.cli import reference, reference_agent
from cloudfail.cli.main import COMMANDS
from cloudfail.cli.reference import cli_page, main
from cloudfail.cli.reference_agent import agent_page
from cloudfail.cli.reference_config import config_page

from cli.machine import Machine


def test_every_command_and_flag_is_on_the_page() -> None:
    page = cli_page()
    for name in COMMANDS:
        assert f"## cloudfail {name}\n" in page
    assert "## cloudfail config check\n" in page
    assert "| `--route TABLE=NETWORK` |" in page
    assert "| `--output text\\|json\\|markdown\\|shell` | default: text |" in page
    assert "| `--force` | take from strangers too |" in page
    assert "| `ARGUMENT` | what keepalived appends: four words |" in page


def test_every_key_and_variable_is_on_the_page(machine: Machine) -> None:
    page = config_page("note")
    assert "| `priority` | number, 1 to 254 | required |" in page
    assert "| `region` | text |  | `CLOUDFAIL_AWS_REGION` |" in page
    assert "| `keep` | number, 1 to 1000 | `5` | `CLOUDFAIL_JOURNAL_KEEP` |" in page
    assert "| `CLOUDFAIL_STATE_DIR` |" in page
    assert "provider.fake" not in page, "what else is installed is no part of the reference"


def test_every_line_of_the_agents_unit_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    page = agent_page("note")
    assert "| `User=cloudfail` | never root" in page
    assert "| `LoadCredential=aws-keys:/etc/cloudfail/aws-keys` (where the conf" in page
    monkeypatch.delitem(reference_agent._REASONS, "WatchdogSec")
    with pytest.raises(KeyError, match="WatchdogSec"):
        agent_page("note")


def test_the_pages_are_written_and_then_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--directory", str(tmp_path / "reference")]
    assert main([*where, "--check"]) == 1
    assert main([*where, "--write"]) == 0
    assert main([*where, "--check"]) == 0
    capsys.readouterr()
    page = tmp_path / "reference/cli.md"
    page.write_text(page.read_text().replace("--force", "--farce"))
    assert main([*where, "--check"]) == 1
    assert "-| `--farce` | take from strangers too |" in capsys.readouterr().err
    assert {"cli.md", "config.md", "keepalived.md"} <= set(reference.pages())
