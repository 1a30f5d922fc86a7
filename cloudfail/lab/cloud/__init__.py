"""Embedded clouds to rehearse on: an API, metadata services, injected faults, and records.

`aws` is a corrected moto, `gcp` a fake of Compute held to Google's discovery document, `azure` a
fake of ARM's networking held to the models of Microsoft's SDK. `interface` says what they have in
common. Nothing here is imported by the rest of cloudfail; what they need comes with
`pip install 'cloudfail[lab]'`.
"""
