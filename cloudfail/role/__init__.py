"""The role of this node, as events tell it; and one run at a time."""

from cloudfail.role.event import Event, Role
from cloudfail.role.record import Recorded
from cloudfail.role.store import RoleCheck, RoleStore, default_directory

__all__ = ["Event", "Recorded", "Role", "RoleCheck", "RoleStore", "default_directory"]
