"""An embedded Google Cloud: Compute and the metadata server, held to Google's discovery document.

Every request and every answer is checked against the document that google-api-python-client
carries; `rules` has what Google documents beyond it.
"""
