"""User data as a machine takes it up: the real cloud-init, systemd and keepalived, and pip with an index.

keepalived comes by apt from a repository of that one package. There is no network; what comes from the
cloud comes from an embedded one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from booted.machine import need_systemd
from booted.pair import KEEPALIVED, UNIT
from terraform.configurations import written
from terraform.first_boot import PROGRAM, FirstBoot, first_boot, need, need_system_python
from terraform.workspace import Workspace, copied, environment

pytestmark = [pytest.mark.netns, pytest.mark.timeout(600)]

SECRET = "/etc/cloudfail/edge.secret"
REPORT = "/var/log/cloudfail-doctor.log"
# What is written although nothing changes: logs, and what the agent and systemd remember.
TOLD = ("/var/log/", "/var/lib/cloud", "/var/lib/systemd/", "/run/before", "/etc/cloud/")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstBoot]:
    need_systemd()
    need("cloud-init", "cloud-init")
    need_system_python()
    with first_boot(tmp_path_factory.mktemp("first-boot")) as made:
        yield made


@pytest.fixture(scope="module")
def scripts(place: FirstBoot, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What terraform renders for node a, before its secret exists: user data and startup script."""
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:not-there-yet"
    found = {}
    for output in ("user_data", "startup_script"):
        scratch = tmp_path_factory.mktemp(output)
        tree, told = copied(scratch), environment(scratch)
        cases = {"pair": place.inputs(arn)}
        workspace = written(lambda part: Workspace(tree / part, scratch, told), cases, output)  # noqa: B023
        found[output] = workspace.plan().outputs["pair"]["a"]
    return found


def pids(place: FirstBoot) -> list[str]:
    return [place.machine.shown(unit, "MainPID") for unit in (KEEPALIVED, UNIT)]


def files(place: FirstBoot) -> set[str]:
    """Every file that is newer than the machine: its path, mode, time and size."""
    folders = (
        "/etc",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/usr/local/lib/cloudfail",
        "/opt/cloudfail",
        "/var",
    )
    newer = ("-newer", "/etc/cloudfail/cloudfail.toml", "-type", "f", "-printf", "%p %m %T@ %s\n")
    lines = place.machine.do("find", *folders, *newer).splitlines()
    # What runs there is this tree's, which may lie below /var, and writes down what it went through.
    ours = (".pyc ", "/.coverage")
    return {
        line
        for line in lines
        if not line.startswith(TOLD) and not any(part in line for part in ours)
    }


def test_what_fails_is_an_error_of_cloud_init_and_says_what_to_do(
    place: FirstBoot, scripts: dict[str, str]
) -> None:
    said = place.boot(scripts["user_data"])
    assert "status: error" in said
    assert "scripts-user" in said
    last = place.last_line()
    assert last.startswith(f"{PROGRAM}: FAILED: the secret arn:aws:secretsmanager:")
    assert "may this machine's role read it; then run cloudfail-first-boot again" in last
    log = place.machine.do("cat", f"/var/log/{PROGRAM}.log")
    assert "ResourceNotFoundException" in log, "each attempt says what the store said"
    assert "Unpacking keepalived" in log, "what the image had not came by apt"
    assert place.machine.shown(KEEPALIVED, "ActiveState") == "inactive"


def test_run_again_it_makes_the_node(place: FirstBoot) -> None:
    place.set("SECRET", place.new_secret("s3cr3t78"))
    place.run()
    assert place.last_line().startswith(f"{PROGRAM}: done: cloudfail ")
    for unit in (KEEPALIVED, UNIT):
        assert place.machine.shown(unit, "ActiveState") == "active"
    assert place.machine.do("systemctl", "is-enabled", KEEPALIVED).strip() == "enabled"
    secret = place.machine.path(SECRET)
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("s3cr3t78", 0o600)
    assert "s3cr3t78" not in place.machine.do("cat", f"/var/log/{PROGRAM}.log")
    report = place.machine.do("cat", REPORT)
    assert "0 failed" in report, report
    assert "authentication PASS" in report, "keepalived speaks as Terraform has it"
    place.machine.do("keepalived", "-t", "-f", "/etc/keepalived/keepalived.conf")
    assert place.machine.do("cat", "/run/before") == "before\n"
    built = place.cloud.built.nodes["a"].interface_id
    place.machine.wait(lambda: place.cloud.cloud.changes[-1].holder == built)


def test_a_second_run_changes_nothing(place: FirstBoot) -> None:
    before, ran = files(place), pids(place)
    assert any(line.startswith(f"{SECRET} 600 ") for line in before)
    place.run()
    assert files(place) ^ before == set()
    assert pids(place) == ran
    assert "nothing to change" in place.machine.do("cat", f"/var/log/{PROGRAM}.log")


def test_a_rotated_secret_and_a_wheel_from_a_bucket_restart_nothing_but_the_agent(
    place: FirstBoot,
) -> None:
    settings = place.machine.do("cat", "/etc/cloudfail/first-boot.env")
    keepalived, agent = pids(place)
    place.change_secret(settings.split("SECRET='", 1)[1].split("'", 1)[0], "0th3r")
    place.set("WHEEL_URL", place.put_wheel())
    place.run()
    assert place.machine.path(SECRET).read_text() == "0th3r"
    assert 'auth_pass "0th3r"' in place.machine.do("cat", "/etc/keepalived/secret/edge.conf")
    assert place.machine.do("cat", "/opt/cloudfail/installed").startswith("s3://wheels/cloudfail-")
    assert pids(place)[0] == keepalived
    assert pids(place)[1] not in {agent, "0"}


# Fails at first, as one whose mirrors do not answer yet; then keepalived is there.
_DNF = """#!/bin/sh
echo "$*" >>/run/dnf
test "$(wc -l </run/dnf)" -gt 1 && mv /root/keepalived /usr/sbin/keepalived
"""


_FIREWALLD = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"
_FIREWALL_CMD = '#!/bin/sh\necho "$*" >>/run/firewall-cmd\n'


def test_where_there_is_no_apt_it_is_dnf_and_where_there_is_neither_it_says_so(
    place: FirstBoot,
) -> None:
    """dnf and firewalld are not here: stand-ins take down what they are asked for."""
    place.machine.do("mv", "/usr/sbin/keepalived", "/root/keepalived")
    place.machine.do("rm", "/usr/bin/apt-get")
    assert place.machine.run(PROGRAM, seconds=300).returncode == 1
    assert "neither apt-get nor dnf is here to install keepalived" in place.last_line()
    place.machine.write("/usr/local/bin/dnf", _DNF, 0o755)
    place.machine.write("/etc/systemd/system/firewalld.service", _FIREWALLD)
    place.machine.write("/usr/local/bin/firewall-cmd", _FIREWALL_CMD, 0o755)
    place.machine.do("systemctl", "start", "firewalld")
    place.run()
    place.machine.do("systemctl", "stop", "firewalld")
    asked = place.machine.do("cat", "/run/dnf").splitlines()
    assert asked == ["-q -y install --setopt=install_weak_deps=False keepalived"] * 2
    let_in = place.machine.do("cat", "/run/firewall-cmd").splitlines()
    assert let_in == [
        f"-q {lasting}--add-protocol={protocol}"
        for protocol in ("vrrp", "ah")
        for lasting in ("--permanent ", "")
    ]


def test_the_startup_script_brings_the_same_files_and_counts_its_first_success_only(
    place: FirstBoot, scripts: dict[str, str]
) -> None:
    names = ("/etc/cloudfail/cloudfail.toml", f"/usr/local/sbin/{PROGRAM}",
             "/usr/local/lib/cloudfail/fetch.py", "/usr/local/lib/cloudfail/store.py")  # fmt: skip
    before = {name: place.machine.path(name).read_bytes() for name in names}
    place.machine.do("rm", *names)
    place.machine.write("/root/startup", scripts["startup_script"], 0o755)
    failed = place.machine.run("/root/startup", seconds=300)
    assert failed.returncode == 1, "its secret is not there"
    assert {name: place.machine.path(name).read_bytes() for name in names} == before
    done = "/var/lib/cloudfail-first-boot.done"
    assert not place.machine.path(done).exists()
    place.machine.write(done, "")
    assert place.machine.do("/root/startup") == ""
