"""What the agent asks a configuration when it reads it again."""

from __future__ import annotations

from cloudfail.config import Config


def for_a_restart(before: Config, after: Config) -> str:
    """Say what of a new configuration needs another process; empty when it is all in use."""
    names = [
        name
        for name in ("socket", "log_format", "log_target", "load_credential")
        if getattr(before.agent, name) != getattr(after.agent, name)
    ]
    if not names:
        return ""
    return f"[agent] {', '.join(names)}: in use after `systemctl restart cloudfail-agent`"


def advert_ints(config: Config) -> list[float]:
    return [instance.vrrp.advert_int for instance in config.instances.values()]
