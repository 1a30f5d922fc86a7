"""What follows the role of this node: services that run on the master only, and hooks."""

from cloudfail.follow.child import run_command
from cloudfail.follow.command import Command, Followed, commands_for
from cloudfail.follow.sequence import Following, Move, follow

__all__ = ["Command", "Followed", "Following", "Move", "commands_for", "follow", "run_command"]
