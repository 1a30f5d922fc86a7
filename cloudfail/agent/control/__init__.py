"""The socket through which `promote`, `status`, `pause`, ... talk to the agent.

Nothing is imported here: the hand-over of `promote` takes only `client`.
"""
