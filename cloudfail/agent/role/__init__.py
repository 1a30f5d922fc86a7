"""What VRRP says this node is: the last line of the FIFO, and what the wire proves of it."""
