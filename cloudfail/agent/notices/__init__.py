"""Planned maintenance becomes a handover: what the cloud announces to this node, and what follows."""
