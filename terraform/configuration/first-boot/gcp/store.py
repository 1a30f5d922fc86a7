"""Secret Manager and Cloud Storage, by REST: google-auth is all it takes."""

import base64
import os
from urllib.parse import quote, urlsplit

import google.auth
from google.auth.transport.requests import AuthorizedSession

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def secret(name: str) -> bytes:
    """`name` is projects/P[/locations/L]/secrets/S[/versions/V]; the newest version by default."""
    parts = name.split("/")
    host = "secretmanager.googleapis.com"
    if parts[2] == "locations":
        host = f"secretmanager.{parts[3]}.rep.googleapis.com"
    endpoint = os.environ.get("SECRET_ENDPOINT") or f"https://{host}"
    version = "" if "versions" in parts else "/versions/latest"
    found = _get(f"{endpoint}/v1/{name}{version}:access").json()
    return base64.b64decode(found["payload"]["data"])


def object(url: str) -> bytes:  # noqa: A001 - what it is
    parts = urlsplit(url)
    endpoint = os.environ.get("STORAGE_ENDPOINT") or "https://storage.googleapis.com"
    name = quote(parts.path[1:], safe="")
    return _get(f"{endpoint}/storage/v1/b/{parts.netloc}/o/{name}?alt=media").content


def _get(url: str):
    credentials, _ = google.auth.default(scopes=[SCOPE])
    answer = AuthorizedSession(credentials).get(url, timeout=30)
    if not answer.ok:
        raise OSError(f"{answer.status_code}: {answer.text[:300]}")
    return answer
