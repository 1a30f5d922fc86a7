"""What the agent hears: keepalived's FIFO, VRRP on the wire, and whether it was frozen itself."""
