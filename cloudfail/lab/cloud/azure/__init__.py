"""The embedded Azure: a stateful fake of ARM's networking, and of IMDS.

Requests and answers are held to azure-mgmt-network's own models; `rules` are what Microsoft
documents beyond them.
"""
