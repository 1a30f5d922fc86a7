"""Take keepalived's notify arguments: as MASTER promote, otherwise stop what runs.

  notify                      "/usr/bin/cloudfail notify"
  notify_master_rx_lower_pri  "/usr/bin/cloudfail notify --event rx-lower-pri --instance edge"

keepalived's name of the instance must be the one of the configuration; --instance overrides it.
Groups are ignored: each of their instances is notified by itself; of a lower advert keepalived tells
one of them only, so that `--event rx-lower-pri` looks for every one that is master. The services of the instance are
started once every claim is held and verified, and stopped on BACKUP, FAULT and STOP; its hooks
run after them.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from cloudfail.cli import parser as flags
from cloudfail.cli.output import show

if TYPE_CHECKING:
    from cloudfail.cli.looks import Looks
    from cloudfail.cli.stop import Stopper
    from cloudfail.config import Config, Instance
    from cloudfail.errors import ConfigError
    from cloudfail.follow import Following
    from cloudfail.keepalived.notify import Notice
    from cloudfail.outcome import Ended
    from cloudfail.role import Role
    from cloudfail.target import Target


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "words", nargs="*", metavar="ARGUMENT", help="what keepalived appends: four words"
    )
    parser.add_argument(
        "--event",
        choices=("rx-lower-pri",),
        help="notify_master_rx_lower_pri, to which keepalived appends nothing: look again",
    )
    flags.add_selection(parser)
    flags.add_claims(parser)
    flags.add_deadline(parser)
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run, force=False, expect="")


def run(args: Namespace) -> int:
    """Exit as `promote` does; 0 where there is nothing to promote.

    Where the move is fine, 1 when a service or hook failed, 4 when a newer role forestalled them.
    """
    notice = notice_of(args)
    if notice is None:
        return _promote(args, again=True)
    return _take(args, notice)


def notice_of(args: Namespace) -> Notice | None:
    """Return what keepalived tells; None for a lower advert. `args.instance` is set then.

    Raises UsageError.
    """
    from cloudfail.errors import UsageError
    from cloudfail.keepalived.notify import Kind, parse_notice

    if not args.event:
        notice = parse_notice(args.words)
        if notice.kind is Kind.INSTANCE:
            args.instance = args.instance or notice.name
        return notice
    if args.words:
        raise UsageError(f"--event {args.event} takes no further words: {' '.join(args.words)}")
    if not args.instance:
        raise UsageError(f"--event {args.event} needs --instance NAME: keepalived tells none")
    return None


def _take(args: Namespace, notice: Notice) -> int:
    from cloudfail.cli.recording import put_on_record
    from cloudfail.cli.target import find_instance
    from cloudfail.errors import ConfigError
    from cloudfail.keepalived.notify import Kind
    from cloudfail.role import Role

    if notice.kind is Kind.GROUP:
        return ignore(args, notice.name)
    if notice.role is Role.MASTER:
        return _promote(args, again=False)
    try:
        config, instance = find_instance(args)
    except ConfigError:
        # Whatever is wrong with the file: what runs must stop, the role was lost.
        put_on_record(args.instance, notice.role)
        raise
    return _give_up(args, config, instance, notice.role)


def _give_up(args: Namespace, config: Config, instance: Instance, role: Role) -> int:
    """Record the role at once; then stop what follows it, whatever signal comes."""
    from cloudfail.cli.recording import record

    if not instance.vrrp.is_followed(role):
        return record(args, config, instance.name, role)
    from cloudfail.cli.following import follow_role
    from cloudfail.cli.stop import Stopper
    from cloudfail.follow import Move

    with Stopper() as stopper:
        stopper.begin()

        def follow(run_id: str, generation: int) -> Following:
            move = Move(instance=instance.name, role=role, generation=generation)
            return follow_role(config, instance, move, stopper, run_id=run_id)

        return record(args, config, instance.name, role, follow)


def ignore(args: Namespace, group: str) -> int:
    """Say that a group's notice is none of an instance's; log it, for whoever gave it to the group alone."""
    from cloudfail.cli import messages
    from cloudfail.cli.document import document, print_document

    text = (
        f"group {group} ignored: keepalived notifies each of its instances as well, where each "
        "vrrp_instance has a notify line of its own"
    )
    messages.fact("ignored", group=group, text=text)
    if args.output == "json":
        print_document(document("notify", message=text, exit_code=0))
    else:
        show(text)
    return 0


def _promote(args: Namespace, *, again: bool) -> int:
    """A lower advert came: look `again` when the peer has certainly stepped down, at the whole group."""
    from cloudfail.cli.looks import Looks
    from cloudfail.cli.result import tell
    from cloudfail.cli.stop import Stopper
    from cloudfail.cli.target import find_target
    from cloudfail.errors import ConfigError

    with Stopper() as stopper:
        try:
            target = find_target(args)
        except ConfigError as error:
            return _serve(args, stopper, error, again=again)
        looks = Looks(args, target.config, target.instance, target, stopper, mates=again)
        following = _take_and_follow(target, looks, stopper, again=again)
        ended = looks.ended
    as_json = args.output == "json"
    return tell(args.command, target, ended, as_json=as_json, following=following)


def _take_and_follow(
    target: Target, looks: Looks, stopper: Stopper, *, again: bool
) -> Following | None:
    """Look, and start what follows: it does not wait for what a peer may yet do to held claims."""
    from cloudfail.outcome import Order

    is_contested = looks.may_be_contested()
    is_contested = (looks.look(Order()) or is_contested) and not looks.is_superseded
    if again or looks.may_mend or (is_contested and looks.problem):
        looks.look_until_settled()
        return _follow(target, looks.ended, stopper)
    following = _follow(target, looks.ended, stopper)
    if is_contested:
        looks.look_until_settled()
    return following


def _follow(target: Target, ended: Ended, stopper: Stopper) -> Following | None:
    """Start what follows MASTER, if every claim is held; None where nothing does."""
    from cloudfail.role import Role

    if not target.instance.vrrp.is_followed(Role.MASTER):
        return None
    from cloudfail.cli.following import follow_role
    from cloudfail.follow import Following, Move

    if ended.outcome is not None and ended.outcome.error is not None:
        return Following(skipped="not begun: not every claim is held")
    move = Move(instance=target.instance.name, role=Role.MASTER, generation=ended.generation)
    return follow_role(
        target.config, target.instance, move, stopper, run_id=ended.run_id, node=target.node_name
    )


def _serve(args: Namespace, stopper: Stopper, error: ConfigError, *, again: bool) -> int:
    """Be master of an instance that claims nothing in the cloud, but has services or hooks.

    The others of its group may claim something: of a lower advert they hear by this one. Raises
    the error where that is not what is wrong.
    """
    from cloudfail.cli.target import find_instance

    config, instance = find_instance(args)
    if instance.claims:
        raise error
    if again:
        _look_for_mates(args, config, instance, stopper)
    if not (instance.vrrp.services.master or instance.vrrp.hooks):
        raise error
    from cloudfail.cli.serving import serve

    return serve(args, config, instance, stopper)


def _look_for_mates(args: Namespace, config: Config, instance: Instance, stopper: Stopper) -> None:
    from cloudfail.cli.looks import Looks
    from cloudfail.outcome import Order

    looks = Looks(args, config, instance, None, stopper, mates=True)
    looks.look(Order())
    looks.look_until_settled()
