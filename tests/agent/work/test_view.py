"""What a worker shows of its instance."""

from __future__ import annotations

from pathlib import Path

from agent.work.bench import bench


def test_the_network_device_is_shown(tmp_path: Path) -> None:
    """It is the label `intf`, by which the keepalived exporters are joined."""
    with bench(tmp_path, start=False) as one:
        assert one.worker.view().device == "eth0"
