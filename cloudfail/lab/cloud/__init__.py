"""An embedded AWS to rehearse on: corrected moto, metadata services, injected faults.

Nothing here is imported by the rest of cloudfail; moto comes with `pip install 'cloudfail[lab]'`.
"""
