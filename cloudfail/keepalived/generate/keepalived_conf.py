"""keepalived.conf of one node, from templates; every value in it was checked by `config`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from cloudfail.config.agent.paths import fifo_of
from cloudfail.config.vrrp.model import Script, SyncGroup, Tracked
from cloudfail.keepalived import one_at_a_time
from cloudfail.keepalived.generate.addresses import addresses_of, check_unique
from cloudfail.keepalived.generate.agent import handover_of, handovers_of
from cloudfail.keepalived.generate.gate import Gate
from cloudfail.keepalived.generate.packages import packages_of
from cloudfail.keepalived.generate.render import render
from cloudfail.keepalived.generate.site import Member, Site
from cloudfail.keepalived.origin import GENERATED
from cloudfail.keepalived.version import Version

HEADER = f"# {GENERATED}"
_HMAC = Version(2, 4, 2)
_SHARED_SECRETS = frozenset({"PASS", "AH"})
_REVERSE = Version(2, 0, 18)
_NO_LINKS = Version(2, 3, 3)
_LINKS = ("/bin/", "/sbin/", "/lib/")
_FIFO_OWNER = Version(2, 0, 16)


def main_file(site: Site, gate: Gate, instances: Sequence[str]) -> str:
    """Return keepalived.conf with these instances in it; none, where they have files of their own.

    Raises ConfigError when the configuration asks for what this keepalived lacks.
    """
    shared = site.config.keepalived
    _check_shared(site, gate)
    check_unique(site.members)
    fifo = _fifo(site, gate)  # before `missing` is read
    return render(
        "keepalived.conf.j2",
        site=site,
        gate=gate,
        **{"global": shared},
        missing=tuple(gate.missing),
        fifo=fifo,
        included=include_pattern(site),
        packages=packages_of(site),
        scripts=site.scripts,
        track_files=site.track_files,
        handovers=handovers_of(site),
        track_processes=site.track_processes,
        groups=tuple(groups_of(site)),
        instances=instances,
    )


def instance_file(site: Site, member: Member, gate: Gate) -> str:
    """Return the `vrrp_instance` block of one instance. Raises ConfigError."""
    vrrp = member.instance.vrrp
    script_user = site.config.keepalived.script_user
    _check_instance(member, gate)
    return render(
        "vrrp_instance.conf.j2",
        site=site,
        member=member,
        instance=member.instance,
        vrrp=vrrp,
        gate=gate,
        **{"global": site.config.keepalived},
        state="MASTER" if vrrp.state == "MASTER" and member.is_best else "BACKUP",
        addresses=addresses_of(member, gate),
        tracks=tuple(_tracks(site, member)),
        secret=secret_path(site, member),
        one_at_a_time=one_at_a_time.words(script_user.split()[0], member.instance.name),
        included=_beneath(site, vrrp.include) if vrrp.include else "",
    )


def secret_file(secret: str) -> str:
    """Return what `authentication` includes.

    Only the secret: should the file be missing, `keepalived -t` then says so (exit code 5). With
    the whole block in it, it says 0, and keepalived runs without authentication (measured, 2.2.7).
    """
    return f'auth_pass "{secret}"\n'


def secret_path(site: Site, member: Member) -> str:
    """Return where the secret of an instance is; empty where no file of ours holds one."""
    if member.instance.vrrp.authentication.type not in _SHARED_SECRETS:
        return ""
    return _beneath(site, f"secret/{member.instance.name}.conf")


def include_patterns(site: Site) -> tuple[str, ...]:
    """Return every pattern that the generated files include, secrets left out."""
    of_instances = [m.instance.vrrp.include for m in site.members if m.instance.vrrp.include]
    shared = [site.config.keepalived.include] if site.config.keepalived.include else []
    return tuple(_beneath(site, pattern) for pattern in [*shared, *of_instances])


def include_pattern(site: Site) -> str:
    include = site.config.keepalived.include
    return _beneath(site, include) if include else ""


def groups_of(site: Site) -> Iterator[SyncGroup]:
    """Yield the groups with those of their instances that this node has; one alone is no group."""
    here = {member.instance.name for member in site.members}
    for group in site.config.keepalived.sync_groups.values():
        instances = tuple(name for name in group.instances if name in here)
        if len(instances) > 1:
            yield replace(group, instances=instances)


def _beneath(site: Site, name: str) -> str:
    return str(PurePosixPath(site.config.keepalived.directory) / name)


def _fifo(site: Site, gate: Gate) -> str:
    """Return the FIFO and, where this keepalived takes one, its owner; empty for none."""
    fifo = fifo_of(site.config)
    if fifo is None:
        return ""
    if gate.version >= _FIFO_OWNER:
        return f"{fifo} {site.config.keepalived.vrrp_notify_fifo_user}"
    gate.note(
        f"keepalived {gate.version} takes no vrrp_notify_fifo_user (from {_FIFO_OWNER} on): "
        "/etc/tmpfiles.d/cloudfail.conf makes the FIFO before it"
    )
    return str(fifo)


def _tracks(site: Site, member: Member) -> Iterator[tuple[str, Iterable[str]]]:
    for block in ("track_interface", "track_script", "track_file", "track_process"):
        tracked: Sequence[Tracked] = getattr(member.instance.vrrp, block)
        if block == "track_file" and site.config.agent.enabled:
            tracked = (*tracked, Tracked(name=handover_of(member).name))
        if tracked:
            yield block, [_track(one, block, member) for one in tracked]


def _track(one: Tracked, block: str, member: Member) -> str:
    if block == "track_interface" and one.name == member.device:
        return f"# {one.name} is the instance's own, which keepalived tracks anyway."
    if one.weight is None:
        return one.name
    return f"{one.name} weight {one.weight}" + (" reverse" if one.reverse else "")


def _check_shared(site: Site, gate: Gate) -> None:
    shared = site.config.keepalived
    key = f"{site.config.path}: keepalived"
    if shared.vrrp_startup_delay is not None:
        gate.require("global_defs", "vrrp_startup_delay", f"{key}.vrrp_startup_delay")
    for tracked in site.track_processes:
        gate.require("", "vrrp_track_process", f"{site.config.path}: track_process.{tracked.name}")
    for script in site.scripts:
        _note_link(script, gate)


def _note_link(script: Script, gate: Gate) -> None:
    """2.3.3 drops what root runs through a linked directory, which /bin is (measured)."""
    program = script.command[0]
    if gate.version >= _NO_LINKS and program.startswith(_LINKS):
        gate.note(
            f"keepalived {gate.version} drops a root's script whose path has a link in it, and "
            f"{program} has one on most systems: name /usr{program} in vrrp_script.{script.name}"
        )


def _check_instance(member: Member, gate: Gate) -> None:
    vrrp, key = member.instance.vrrp, f"instance.{member.instance.name}"
    if vrrp.unicast_ttl is not None:
        gate.require("vrrp_instance", "unicast_ttl", f"{key}.unicast_ttl")
    if vrrp.authentication.type == "hmac":
        gate.require_version(_HMAC, "auth_hmac in its final form", f"{key}.authentication.type")
    tracked = (*vrrp.track_script, *vrrp.track_interface, *vrrp.track_file, *vrrp.track_process)
    if any(one.reverse for one in tracked):
        gate.require_version(_REVERSE, "`reverse` of a weight", f"{key}: tracked with reverse")
