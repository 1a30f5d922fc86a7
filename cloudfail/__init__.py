"""cloudfail: the cloud follows VRRP."""

__version__ = "0.1.0"
