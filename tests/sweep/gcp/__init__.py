"""The crash sweep of Google Cloud."""
