"""Key Vault and Blob Storage, by REST: azure-identity is all it takes."""

import os
from email.utils import formatdate
from urllib.parse import urlsplit

import requests
from azure.identity import ManagedIdentityCredential

API_VERSION = "7.4"  # of Key Vault
STORAGE_VERSION = "2021-08-06"


def secret(url: str) -> bytes:
    """`url` is https://VAULT.vault.azure.net/secrets/NAME[/VERSION]; the newest version by default."""
    audience = urlsplit(url).netloc.partition(".")[2]
    return _get(f"{url}?api-version={API_VERSION}", audience).json()["value"].encode()


def object(url: str) -> bytes:  # noqa: A001 - what it is
    """Read it without a token where anybody may."""
    answer = requests.get(url, timeout=30)
    if answer.ok:
        return answer.content
    return _get(url, "storage.azure.com").content


def _get(url: str, audience: str) -> requests.Response:
    credential = ManagedIdentityCredential(client_id=os.environ.get("CLIENT_ID") or None)
    headers = {
        "Authorization": f"Bearer {credential.get_token(f'https://{audience}/.default').token}",
        "x-ms-version": STORAGE_VERSION,
        "x-ms-date": formatdate(usegmt=True),
    }
    answer = requests.get(url, headers=headers, timeout=30)
    if not answer.ok:
        raise OSError(f"{answer.status_code}: {answer.text[:300]}")
    return answer
