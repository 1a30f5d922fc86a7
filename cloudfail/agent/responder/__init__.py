"""Ports that answer on the master only, for the health checks of cloud load balancers."""
