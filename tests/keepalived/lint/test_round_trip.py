"""What `cloudfail generate` writes is clean, but for what somebody chose against its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Generated, files_of, names_of, site_of
from cloudfail.keepalived.lint import Finding, confs_of, lint
from cloudfail.keepalived.version import Version

from keepalived.generate.matrix import cases, document
from keepalived.generate.pairs import Case
from keepalived.generate.sites import generated, write_secret

EXAMPLES = sorted(Path(__file__).parents[3].glob("examples/*/cloudfail.toml"))
VERSIONS = (Version(2, 0, 20), Version(2, 2, 7), Version(2, 4, 3))
# The finding that a choice brings, by parameter and value.
CHOSEN: Mapping[str, Mapping[str, str]] = {
    "preemption": {"preempt": "KA014"},
    "state": {"MASTER": "KA014"},
    "advert_int": {"0.01": "KA024", "0.29": "KA024"},
    "vrrp_check_unicast_src": {"false": "KA007"},
    "unicast_fault_no_peer": {"false": "KA008"},
    "vrrp_higher_prio_send_advert": {"false": "KA062"},
    "vrrp_min_garp": {"false": "KA057"},
    "vrrp_startup_delay": {"3600": "KA059", "tiny": "KA059", "2.5": "KA059"},
    "enable_script_security": {"false": "KA071"},
    "smtp_alert": {"true": "KA066"},
    "second": {"group mails": "KA066"},
    "track_process": dict.fromkeys(("name", "weight", "reverse"), "KA084"),
    "authentication": {"PASS": "KA048", "AH": "KA049"},
    "virtual_ipaddress": {"tables": "KA043"},  # one has a device of its own
}


def linted(files: Generated, root: Path, version: Version) -> tuple[Finding, ...]:
    """The files as they are on the node, beneath a root that their includes name."""
    above = str(Path(files.main.path).parent)
    for file in files.files:
        if file.path.startswith(above):
            path = root / file.path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text.replace(above, f"{root}{above}"))
            path.chmod(file.mode)
    return lint(confs_of(root / files.main.path.lstrip("/")), version)


def chosen(case: Case) -> set[str]:
    return {found[case[name]] for name, found in CHOSEN.items() if case[name] in found}


@pytest.mark.sweep
@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_every_combination_has_only_the_findings_that_were_chosen(
    tmp_path: Path, version: Version
) -> None:
    secret = write_secret(tmp_path)
    seen: set[str] = set()
    for number, case in enumerate(cases()):
        root = tmp_path / str(number)
        try:
            files = generated(document(case, str(secret)), root, version=version)
        except ConfigError:  # an option that this version lacks
            continue
        found = {one.code for one in linted(files, root, version)}
        assert found <= chosen(case), case
        seen |= found
    assert {"KA007", "KA024", "KA062", "KA066"} <= seen, "the linter looked"
    assert len(cases()) > 50


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_every_example_is_clean_on_every_node(tmp_path: Path, version: Version) -> None:
    assert EXAMPLES
    for path in EXAMPLES:
        config = load(path, {})
        for name in names_of(config):
            files = files_of(site_of(config, name, version))
            assert linted(files, tmp_path / path.parent.name / name, version) == ()
