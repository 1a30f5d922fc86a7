"""keepalived's side of cloudfail.toml: what `cloudfail generate` writes."""
