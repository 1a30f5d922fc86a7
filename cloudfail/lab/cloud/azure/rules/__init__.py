"""What Microsoft documents beyond the models' types, one function a rule.

Each names its document: "reference" is learn.microsoft.com/rest/api/virtualnetwork (the
descriptions in azure-mgmt-network's models), a path is one below learn.microsoft.com/azure/, and an
issue quotes an answer of Microsoft's. A rule returns when it holds, and raises ArmError when it
does not.
"""
