"""Import, generate, compare: every option that was there is there again, or is listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.config import load
from cloudfail.keepalived.importer import import_files
from cloudfail.keepalived.syntax import read_files
from msgspec.structs import replace

from keepalived.importer.again import generated, imported, loaded, lost, old_trees, written
from keepalived.importer.handbooks import HANDBOOKS
from keepalived.importer.pairs import PAIRS
from keepalived.syntax.real import KEEPALIVED, NEEDS_KEEPALIVED

SAMPLES = sorted(
    path
    for path in Path("/usr/share/doc/keepalived/samples").glob("keepalived.conf.*")
    if "vrrp_instance" in path.read_text(errors="replace")
)
_DEVICES = """
for pair in "eth0 eth1" "eth2 eth3"; do
  set -- $pair; ip link add $1 type veth peer name $2 && ip link set $1 up && ip link set $2 up || exit 70
done
ip link add link eth0 name eth0.1 type vlan id 1 2>/dev/null || ip link add eth0.1 type veth peer name x1
"""


ALL = {**PAIRS, **HANDBOOKS}


@pytest.fixture(params=list(ALL))
def paths(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    return written(dict(ALL[request.param]), tmp_path / "old")


def test_every_option_is_there_again_or_is_listed(paths: list[Path], tmp_path: Path) -> None:
    found = imported(paths)
    made = list(generated(found, tmp_path).values())
    for (_, old), new in zip(old_trees(paths), made, strict=False):
        assert lost(old, found, read_files([new])) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_keepaliveds_own_samples_lose_nothing(sample: Path, tmp_path: Path) -> None:
    found = imported([sample])
    made = list(generated(found, tmp_path).values())
    for (_, old), new in zip(old_trees([sample]), made, strict=False):
        assert lost(old, found, read_files([new])) == []


def test_the_comparison_sees_a_loss(tmp_path: Path) -> None:
    (path,) = written(dict(PAIRS["mixed families"]), tmp_path / "old")
    found = imported([path])
    new = next(iter(generated(found, tmp_path).values()))
    new.write_text(new.read_text().replace("advert_int 0.5", "advert_int 1"))
    told = lost(read_files([path]), found, read_files([new]))
    assert [line.partition(": ")[2] for line in told] == ["vrrp_instance DUAL advert_int 0.5"]


def test_every_statement_is_carried_or_noted(paths: list[Path]) -> None:
    """An option that nobody knows is noted, wherever it stands."""
    files = {Path(name) for path in paths for name in read_files([path]).files}
    for path in files:
        text = path.read_text()
        path.write_text(text.replace("{\n", "{\n  frobnicate 1\n"))
    found = import_files(paths)
    expected = sum(path.read_text().count("frobnicate") for path in files)
    places = {place for note in found.notes for place in note.covers}
    known = {
        one.place
        for path in paths
        for _, one in read_files([path]).walk()
        if one.keyword == "frobnicate"
    }
    assert known <= places
    assert len(known) == expected > 0


# What keepalived says of its own samples too: an address that is none, a script that is not here.
WRONG_ANYWAY = {
    "keepalived.conf.vrrp.rules": "192.168.100./24",
    "keepalived.conf.conditional_conf": "not found/accessible",
}


def _test(conf: Path) -> tuple[int, str]:
    """At a script that is not root's, `-t` of 2.2.7 kills itself (acassen/keepalived#2180)."""
    conf.write_text(conf.read_text().replace("user nobody nogroup", "user root root"))
    script = f'{_DEVICES}\nexec {KEEPALIVED} -t -f "{conf}"'
    done = process.run(
        ["unshare", "--net", "sh", "-c", script], capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    return _own(done.returncode, done.stderr)


def _own(code: int, said: str) -> tuple[int, str]:
    """What is said of lines that were moved as they stood was said of the old file as well."""
    lines = said.splitlines(keepends=True)
    ours = [line for line in lines if "/instance.d/" not in line]
    return (0 if code == 5 and lines and not ours else code), "".join(ours)


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
def test_keepalived_accepts_what_is_generated(paths: list[Path], tmp_path: Path) -> None:
    found = imported(paths)
    config = loaded(found, tmp_path / "config")
    expected = 0 if config.keepalived.enable_script_security else 6
    for conf in generated(found, tmp_path).values():
        assert _test(conf) == (expected, "")


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_keepalived_accepts_what_its_samples_become(sample: Path, tmp_path: Path) -> None:
    found = imported([sample])
    config = loaded(found, tmp_path / "config")
    expected = 0 if config.keepalived.enable_script_security else 6
    for conf in generated(found, tmp_path).values():
        code, said = _test(conf)
        if sample.name in WRONG_ANYWAY:
            assert WRONG_ANYWAY[sample.name] in said
        else:
            assert (code, said) == (expected, "")


def test_importing_what_was_generated_changes_nothing(paths: list[Path], tmp_path: Path) -> None:
    found = imported(paths)
    before = loaded(found, tmp_path / "config")
    again = import_files(list(generated(found, tmp_path / "first").values()))
    after = loaded(again, tmp_path / "config")
    same = {"include": before.keepalived.include, "command": before.keepalived.command}
    assert replace(after.keepalived, **same) == before.keepalived
    for name, instance in before.instances.items():
        other = after.instances[name]
        assert other.nodes == instance.nodes
        assert other.virtual_router_id == instance.virtual_router_id
        assert replace(other.vrrp, hooks=instance.vrrp.hooks) == instance.vrrp


def test_the_result_passes_config_check(paths: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "cloudfail.toml"
    path.write_text(imported(paths).toml)
    assert load(path, {}).instances
