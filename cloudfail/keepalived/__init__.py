"""What keepalived says, and how."""
