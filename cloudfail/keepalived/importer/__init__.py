"""From the keepalived.conf of a pair that works today: the cloudfail.toml that generates it."""
