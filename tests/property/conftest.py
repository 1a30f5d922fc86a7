"""How hard the properties are tried."""

from __future__ import annotations

from hypothesis import settings

# No deadline an example: a busy machine is not a bug.
settings.register_profile("cloudfail", deadline=None, print_blob=True)
settings.load_profile("cloudfail")
