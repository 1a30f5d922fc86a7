from __future__ import annotations

import json
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError

from cloudfail_aws.credentials import Keys, needs_chain, role_keys, static_keys
from cloudfail_aws.metadata import Metadata
from cloudfail_aws.settings import AwsSettings

GOOD = """[default]
aws_access_key_id = AKIAFILE
aws_secret_access_key = file-secret
[other]
aws_access_key_id = AKIAOTHER
aws_secret_access_key = other-secret
aws_session_token = other-token
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(GOOD)
    path.chmod(0o600)
    return path


def settings(file: Path, profile: str = "") -> AwsSettings:
    return AwsSettings(credentials_file=str(file), profile=profile)


def test_the_environment_is_read_when_nothing_is_configured() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    assert static_keys(AwsSettings(), environ) == Keys(access_key="AKIA", secret_key="s", token="t")
    assert static_keys(AwsSettings(), {"AWS_ACCESS_KEY_ID": "AKIA"}) is None


def test_a_configured_profile_beats_the_environment() -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
    assert static_keys(AwsSettings(profile="p"), environ) is None
    assert needs_chain(AwsSettings(profile="p"), {})


def test_a_configured_file_beats_everything(file: Path) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s"}
    assert static_keys(settings(file), environ) == Keys(
        access_key="AKIAFILE", secret_key="file-secret"
    )
    found = static_keys(settings(file, "other"), environ)
    assert found == Keys(access_key="AKIAOTHER", secret_key="other-secret", token="other-token")


def test_systemds_copy_of_the_file_is_read_in_its_place(file: Path, tmp_path: Path) -> None:
    """The original is root's alone; the copy is the unit's, by an access list (mode 0440)."""
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    (tmp_path / "credentials").mkdir()
    assert static_keys(settings(file), environ) == static_keys(settings(file), {})
    copy = tmp_path / "credentials" / file.name
    copy.write_text(GOOD.replace("AKIAFILE", "AKIACOPY"))
    copy.chmod(0o440)
    file.unlink()
    found = static_keys(settings(file), environ)
    assert found == Keys(access_key="AKIACOPY", secret_key="file-secret")


def test_a_file_of_somebody_elses_is_refused_with_the_way_to_have_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, encoding: str) -> str:
        raise PermissionError(13, "Permission denied", str(self), None, encoding)

    monkeypatch.setattr(Path, "read_text", refuse)  # root, who runs the tests, may read all
    with pytest.raises(ConfigError, match=rf'denied; .*load_credential = \["keys:{file}"\]'):
        static_keys(settings(file), {})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigError, match=f"mode {mode:04o}\\); chmod 600 {file}"):
        static_keys(settings(file), {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no ini", "not an AWS credentials file"),
        ("[default]\naws_access_key_id = x\n", "no 'aws_secret_access_key' in it"),
        ("[elsewhere]\n", "no 'default' in it"),
    ],
)
def test_a_file_that_says_too_little_is_refused(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        static_keys(settings(file), {})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        static_keys(settings(tmp_path / "none"), {})


@pytest.mark.parametrize(
    "variable", ["AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]
)
def test_what_only_the_sdk_understands_is_left_to_it(variable: str) -> None:
    assert needs_chain(AwsSettings(), {variable: "x"})


def test_a_home_that_nobody_may_look_into_has_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may look everywhere: a name that is too long fails for anybody.
    assert not needs_chain(AwsSettings(), {"AWS_CONFIG_FILE": "/" + "x" * 5000})


def test_files_of_the_sdk_are_left_to_it(tmp_path: Path) -> None:
    missing = {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    assert not needs_chain(AwsSettings(), missing)
    (tmp_path / "config").write_text("[default]\n")
    assert needs_chain(AwsSettings(), {**missing, "AWS_CONFIG_FILE": str(tmp_path / "config")})


def test_no_secret_is_ever_shown(file: Path) -> None:
    shown = repr(static_keys(settings(file), {}))
    assert "AKIAFILE" in shown
    assert "file-secret" not in shown


class Told(Metadata):
    def __init__(self, role: str, document: str) -> None:
        super().__init__("http://told")
        self.values = {
            "meta-data/iam/security-credentials/": role,
            f"meta-data/iam/security-credentials/{role}": document,
        }

    def text(self, path: str) -> str | None:
        return self.values.get(path)


DOCUMENT = {
    "AccessKeyId": "ASIA",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2030-01-01T00:00:00Z",
}


def test_the_instance_role_is_read_from_its_metadata() -> None:
    assert role_keys(Told("node", json.dumps(DOCUMENT))) == Keys(
        access_key="ASIA", secret_key="s", token="t", expires="2030-01-01T00:00:00Z"
    )


@pytest.mark.parametrize("document", ["", "{}", "no json", '["list"]'])
def test_a_role_without_usable_keys_is_none(document: str) -> None:
    assert role_keys(Told("node", document)) is None
    assert role_keys(Told("", document)) is None
