"""AWS: Elastic IPs, secondary private addresses and routes, through network interfaces only."""
