"""One instance's work: two threads, one that looks and one that acts.

A look that the cloud is slow to answer never holds up the first call of a promotion.
"""
