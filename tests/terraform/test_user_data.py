"""What user data holds, how big it is, and that a shell and cloud-init read it; booting it is another file's."""

from __future__ import annotations

import base64
import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from cloudfail import __version__

from terraform.configurations import Values, refusals, written
from terraform.first_boot import PROGRAM, need
from terraform.workspace import REPOSITORY, Workspace, copied, environment

Make = Callable[..., Workspace]

FIRST_BOOT = REPOSITORY / "terraform/configuration/first-boot"
SCRIPT = f"/usr/local/sbin/{PROGRAM}"
LIMIT = 16_384  # bytes that AWS takes
_ID = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/edge/providers/Microsoft.Network"
_SECRETS = {
    "aws": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:edge/vrrp-a1b2c3",
    "gcp": "projects/my-project/secrets/edge",
    "azure": "https://edge.vault.azure.net/secrets/edge",
}
_ROUTES = {"aws": "rtb-0a1b2c3d4e5f6071{}", "gcp": "network-{}", "azure": "edge/table-{}"}
_INTERFACES = {
    "aws": "eni-0a1b2c3d4e5f6071{}",
    "gcp": "nic0",
    "azure": f"{_ID}/networkInterfaces/edge-{{}}",
}


def big(provider: str) -> Values:
    """Three nodes, twenty claims, a secret, commands."""
    interfaces = [_INTERFACES[provider].format(number) for number in range(3)]
    return {
        "provider_name": provider,
        "virtual_router_id": 51,
        "nodes": {
            f"node-{number}": {
                "address": f"10.0.{number}.10",
                "priority": 200 - number,
                "subnet": f"10.0.{number}.0/24",
                **({} if provider == "gcp" else {"interface_id": interfaces[number]}),
            }
            for number in range(3)
        },
        "claims": [
            {
                "kind": "route",
                "destination": f"10.99.{number}.0/24",
                "tables": [_ROUTES[provider].format(table) for table in range(4)],
            }
            for number in range(20)
        ],
        "authentication": {"type": "PASS", "secret": _SECRETS[provider]},
        "cloudfail": {"index_url": "https://packages.example.com/simple/"},
        "first_boot": ["echo it's", 'test "$HOME" != "${none:-}"'],
    }


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """User data of a node of each cloud."""
    scratch = tmp_path_factory.mktemp("user-data")
    tree, told = copied(scratch), environment(scratch)
    cases = {provider: big(provider) for provider in ("aws", "gcp", "azure")}
    place = written(lambda part: Workspace(tree / part, scratch, told), cases, "user_data")
    found = {}
    for provider, nodes in place.plan().outputs.items():
        assert len(set(nodes.values())) == 1, "the same on every node"
        found[provider] = nodes["node-0"]
    return found


def files(text: str) -> dict[str, str]:
    found = {}
    for each in yaml.safe_load(text)["write_files"]:
        content = each["content"]
        if each.get("encoding") == "gz+b64":
            content = gzip.decompress(base64.b64decode(content)).decode()
        found[each["path"]] = content
    return found


def schema(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What cloud-init's own schema says."""
    need("cloud-init", "cloud-init")
    path = folder / "user-data"
    path.write_text(text, encoding="utf-8")
    command = ["cloud-init", "schema", "--config-file", str(path)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


PROVIDERS = pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])


@PROVIDERS
def test_cloud_init_knows_every_word_of_it(
    provider: str, rendered: dict[str, str], tmp_path: Path
) -> None:
    checked = schema(rendered[provider], tmp_path)
    assert checked.returncode == 0, checked.stderr


def test_cloud_init_would_say_what_it_does_not_know(
    rendered: dict[str, str], tmp_path: Path
) -> None:
    wrong = rendered["aws"].replace('"permissions"', '"permission"')
    assert schema(wrong, tmp_path).returncode != 0


@PROVIDERS
def test_three_nodes_and_twenty_claims_leave_a_quarter_of_the_smallest_limit(
    provider: str, rendered: dict[str, str]
) -> None:
    assert len(rendered[provider].encode()) < LIMIT * 3 // 4


@PROVIDERS
def test_the_settings_are_what_a_shell_reads(provider: str, rendered: dict[str, str]) -> None:
    text = files(rendered[provider])["/etc/cloudfail/first-boot.env"]
    echo = 'echo "$PROVIDER|$REQUIREMENT|$SECRET|$SECRET_FILE|$INDEX_URL"'
    said = subprocess.run(
        ["sh", "-euc", f"{text}{echo}"], check=True, capture_output=True, text=True
    )
    wanted = (
        f"{provider}|cloudfail[{provider}]=={__version__}|{_SECRETS[provider]}|/etc/cloudfail/edge.secret|"
        "https://packages.example.com/simple/\n"
    )
    assert said.stdout == wanted


def test_the_guides_line_for_an_upgrade_changes_the_version_alone(
    rendered: dict[str, str], tmp_path: Path
) -> None:
    guide = (REPOSITORY / "docs/how-to/terraform-day-2.md").read_text(encoding="utf-8")
    (line,) = [each.strip() for each in guide.splitlines() if each.strip().startswith("sed -i")]
    settings = tmp_path / "first-boot.env"
    text = files(rendered["aws"])["/etc/cloudfail/first-boot.env"]
    settings.write_text(text, encoding="utf-8")
    command = line.replace("/etc/cloudfail/first-boot.env", str(settings))
    subprocess.run(["sh", "-euc", command], check=True)
    assert settings.read_text() == text.replace(f"=={__version__}'", "==0.2.0'")


@PROVIDERS
def test_the_programs_are_those_of_this_tree_without_their_comments(
    provider: str, rendered: dict[str, str]
) -> None:
    found = files(rendered[provider])
    sources = {
        SCRIPT: FIRST_BOOT / "first-boot.sh",
        "/usr/local/lib/cloudfail/fetch.py": FIRST_BOOT / "fetch.py",
        "/usr/local/lib/cloudfail/store.py": FIRST_BOOT / provider / "store.py",
    }
    for path, source in sources.items():
        lines = source.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line[:2] == "#!" or line.strip()[:1] != "#"]
        assert found[path].splitlines() == kept


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_the_script_is_posix(shell: str, rendered: dict[str, str]) -> None:
    script = files(rendered["aws"])[SCRIPT]
    subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_shellcheck_has_nothing_to_say() -> None:
    need("shellcheck", "shellcheck")
    subprocess.run(["shellcheck", str(FIRST_BOOT / "first-boot.sh")], check=True)


def test_the_commands_of_the_operator_are_a_script_of_root(rendered: dict[str, str]) -> None:
    (own,) = [each for each in yaml.safe_load(rendered["gcp"])["write_files"]
              if each["path"].endswith("before-keepalived.sh")]  # fmt: skip
    assert own["permissions"] == "0700"
    assert own["content"] == 'echo it\'s\ntest "$HOME" != "${none:-}"\n'
    assert yaml.safe_load(rendered["gcp"])["runcmd"] == [[SCRIPT]]


def test_what_is_too_long_for_the_cloud_is_refused(workspace: Make) -> None:
    long = "".join(f'[vrrp_script.s{number}]\nprocess = "nginx"\n' for number in range(250))
    cases = {"pair": big("aws") | {"extra_configuration": long}}
    place = written(workspace, cases, "user_data")
    said = " ".join(refusals(place))
    assert f"AWS takes {LIMIT}: shorten extra_configuration" in said
