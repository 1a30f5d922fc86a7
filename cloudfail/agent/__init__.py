"""The resident process of a node: hears VRRP, has everything ready, acts, and never lets go.

role/       what VRRP says this node is, from the FIFO and the wire together (pure)
hearing/    the FIFO, the wire, and whether this process itself was frozen
work/       one thread an instance: look, plan, act, and again
control/    the socket through which `promote`, `status`, `pause`, ... talk to it
metrics/    what Prometheus and health checks are told
responder/  ports that answer on the master only

Nothing is imported here: the hand-over of `promote` takes only `control.client`.
"""
