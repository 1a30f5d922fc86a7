"""Numbers of cloudfail beside those of what it replaces; run it with `script/bench`."""
