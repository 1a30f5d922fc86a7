"""`cloudfail promote` killed at every request to the cloud, over real sockets."""
