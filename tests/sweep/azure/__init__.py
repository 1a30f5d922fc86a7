"""The crash sweep of Azure."""
