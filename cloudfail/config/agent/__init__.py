"""[agent] and the responders: the resident process of a node."""
