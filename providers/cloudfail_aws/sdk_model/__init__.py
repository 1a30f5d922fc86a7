"""The part of botocore's data that cloudfail's calls need, made by `generate.py` beside it.

The whole EC2 model and endpoint list take longer to read than everything else a promotion does.
"""
