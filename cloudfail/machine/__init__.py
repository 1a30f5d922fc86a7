"""What a provider asks of the machine that it runs on, whatever the cloud."""
