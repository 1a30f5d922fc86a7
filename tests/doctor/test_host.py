"""What is around keepalived: other managers of addresses, kernel settings, FIFO, SELinux, systemd."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cloudfail.doctor import Check, Machine, Status
from cloudfail.doctor.host import check_fifo, check_managers, check_selinux, check_sysctl
from cloudfail.doctor.services import check_services, check_unit

from doctor.cases import failures, machine_of, of_status, pair

USER = "nobody"
FIFO = f'[keepalived]\nvrrp_notify_fifo = "/run/vrrp.fifo"\nvrrp_notify_fifo_user = "{USER}"'
SYSTEMCTL = """#!/bin/sh
cat <<'END'
{}
END
"""


def put(machine: Machine, name: str, text: str = "") -> Path:
    path = machine.path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def only(checks: list[Check]) -> Check:
    (check,) = checks
    return check


@pytest.mark.parametrize(
    ("file", "name", "remedy"),
    [
        ("/usr/bin/setup-policy-routes", "amazon-ec2-net-utils", "policy-routes@eth0.service"),
        ("/etc/sysconfig/network-scripts/ec2net-functions", "Amazon Linux 2", "EC2SYNC=no"),
        (
            "/usr/lib/systemd/system/nm-cloud-setup.timer",
            "nm-cloud-setup",
            "systemctl disable --now nm-cloud-setup.timer",
        ),
        ("/usr/bin/google_guest_agent", "google-guest-agent", "ip_forwarding = false"),
        ("/usr/sbin/waagent", "waagent", "Provisioning.MonitorHostName=n"),
        ("/etc/netplan/50-cloud-init.yaml", "netplan", "`critical: true` for eth0"),
    ],
)
def test_who_else_manages_addresses_is_found(
    tmp_path: Path, file: str, name: str, remedy: str
) -> None:
    machine = machine_of(tmp_path)
    assert only(list(check_managers(machine))).status is Status.OK
    put(machine, file)
    check = only(list(check_managers(machine)))
    assert check.status is Status.WARNING
    assert name in check.message
    assert remedy in check.remedy


def test_an_empty_netplan_directory_manages_nothing(tmp_path: Path) -> None:
    machine = machine_of(tmp_path)
    machine.path("/etc/netplan").mkdir(parents=True)
    assert only(list(check_managers(machine))).status is Status.OK


def test_kernel_settings_that_differ_are_named_in_one_line(tmp_path: Path) -> None:
    forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
    other = "true" if forwarding == "0" else "false"
    machine = machine_of(tmp_path, pair(more=f"[host]\nip_forward = {other}"))
    check = only(list(check_sysctl(machine)))
    if other == "true":
        assert "net.ipv4.ip_forward is 0, not 1" in check.message
    assert check.status is Status.WARNING or other == "false"


@pytest.fixture
def with_fifo(tmp_path: Path) -> Machine:
    machine = machine_of(tmp_path, pair(more=FIFO))
    machine.path("/run").mkdir(parents=True)
    return machine


def fifo(machine: Machine, mode: int = 0o600) -> Path:
    path = machine.path("/run/vrrp.fifo")
    os.mkfifo(path)
    path.chmod(mode)
    return path


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away needs root")
def test_a_fifo_of_its_user_is_fine_and_one_of_somebody_else_is_not(with_fifo: Machine) -> None:
    path = fifo(with_fifo)
    assert failures(check_fifo(with_fifo)) == [f"FIFO: {path} belongs to root, not to {USER}"]
    os.chown(path, 65534, -1)
    assert only(list(check_fifo(with_fifo))).status is Status.OK
    path.chmod(0o622)
    assert "can be written by others" in failures(check_fifo(with_fifo))[0]


def test_a_missing_fifo_and_a_plain_file_in_its_place_are_found(with_fifo: Machine) -> None:
    assert "No such file" in failures(check_fifo(with_fifo))[0]
    put(with_fifo, "/run/vrrp.fifo")
    assert "is no FIFO" in failures(check_fifo(with_fifo))[0]


def test_a_fifo_for_a_user_who_does_not_exist_is_found(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, pair(more=FIFO.replace(USER, "nosuchuser")))
    put(machine, "/run/vrrp.fifo")
    assert failures(check_fifo(machine)) == ["FIFO: there is no user nosuchuser"]


def test_without_a_fifo_in_the_configuration_none_is_looked_for(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, pair(more="[agent]\nenabled = false"))
    assert list(check_fifo(machine)) == []


def test_the_agents_fifo_is_looked_for_without_being_named(tmp_path: Path) -> None:
    path = machine_of(tmp_path).path("/run/cloudfail/vrrp.fifo")
    assert failures(check_fifo(machine_of(tmp_path))) == [
        f"FIFO: {path}: No such file or directory"
    ]


def test_selinux_is_hinted_at_only_where_it_enforces(tmp_path: Path) -> None:
    machine = machine_of(tmp_path)
    assert list(check_selinux(machine)) == []
    put(machine, "/sys/fs/selinux/enforce", "0")
    assert only(list(check_selinux(machine))).status is Status.OK
    put(machine, "/sys/fs/selinux/enforce", "1")
    check = only(list(check_selinux(machine)))
    assert check.status is Status.WARNING
    assert "semanage fcontext -a -t keepalived_unconfined_script_exec_t" in check.remedy


def test_the_label_is_looked_for_at_the_end_of_a_link_as_keepalived_follows_it(
    tmp_path: Path,
) -> None:
    machine = machine_of(tmp_path)
    put(machine, "/sys/fs/selinux/enforce", "1")
    real = put(machine, "/opt/cloudfail/bin/cloudfail")
    link = machine.path("/usr/local/bin/cloudfail")
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    assert str(real) in only(list(check_selinux(machine))).remedy


SERVICES = 'services = { master = ["nginx.service"] }'


def test_a_service_of_the_role_that_starts_at_boot_is_found_whatever_its_target(
    tmp_path: Path,
) -> None:
    machine = machine_of(tmp_path, pair(SERVICES))
    assert only(list(check_services(machine))).status is Status.OK
    wants = machine.path("/etc/systemd/system/graphical.target.wants")
    wants.mkdir(parents=True)
    (wants / "nginx.service").symlink_to("/nowhere/nginx.service")
    check = only(list(check_services(machine)))
    assert (check.status, check.remedy) == (Status.WARNING, "systemctl disable nginx.service")


@pytest.mark.parametrize(
    ("shown", "warned"),
    [
        ("LoadState=loaded\nUnitFileState=enabled\nKillMode=process\nNeedDaemonReload=no", ()),
        (
            "LoadState=loaded\nUnitFileState=enabled\nKillMode=control-group\nNeedDaemonReload=no",
            ("KillMode is control-group",),
        ),
        (
            "LoadState=loaded\nUnitFileState=disabled\nKillMode=control-group\nNeedDaemonReload=yes",
            ("has not read its files anew", "does not start at boot"),
        ),
        ("LoadState=not-found", ("does not know it",)),
    ],
)
def test_what_systemd_has_in_force_counts_and_not_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str, warned: tuple[str, ...]
) -> None:
    machine = machine_of(tmp_path)
    assert list(check_unit(machine)) == []  # no systemd here
    machine.path("/run/systemd/system").mkdir(parents=True)
    tool = tmp_path / "bin/systemctl"
    tool.parent.mkdir()
    tool.write_text(SYSTEMCTL.format(shown))
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    found = of_status(check_unit(machine), Status.WARNING)
    assert len(found) == len(warned)
    assert all(words in line for words, line in zip(warned, found, strict=True))
