"""What Prometheus and health checks are told.

catalogue   every metric there is: name, labels, meaning
counting    counts what happens, from any thread
collector   the counts and the view of the agent, as metrics
http        /metrics, /healthz, /readyz
textfile    the same metrics as a file
readiness   would this standby take over?
service     all of it, started and stopped

prometheus-client is imported when metrics are first asked for, in a thread of their own.
"""
