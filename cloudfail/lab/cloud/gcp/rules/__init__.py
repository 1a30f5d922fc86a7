"""What Google documents beyond the discovery document's types, one function a rule.

Each names its document: "reference" is the REST reference of Compute v1 (the descriptions of the
discovery document), others are pages under https://cloud.google.com/vpc/docs/. A rule returns when
it holds, and raises ComputeError when it does not.
"""
