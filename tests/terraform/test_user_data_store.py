"""Secrets and wheels as a node fetches them at its first boot, from what answers as the clouds document.

fetch.py and store.py run as they lie on a node, in a process of their own, with the SDKs of the
`aws`, `gcp` and `azure` extras. moto is AWS; the other two are answered here.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import trustme
from botocore.config import Config

from terraform.first_boot import secret_store
from terraform.workspace import REPOSITORY

FIRST_BOOT = REPOSITORY / "terraform/configuration/first-boot"
WHEEL = b"PK\x03\x04 of a wheel"
TEXT = {"Content-Type": "application/json"}

# A path and what is asked for it: status and body.
Answer = Callable[[str, dict[str, list[str]], dict[str, str]], tuple[int, bytes]]
Fetch = Callable[..., "subprocess.CompletedProcess[str]"]


@contextmanager
def answering(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve the answers; the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name.lower(): value for name, value in self.headers.items()}
            status, body = answer(parts.path, parse_qs(parts.query), asked)
            self.send_response(status)
            # google-auth believes no metadata service without it.
            headers = {**TEXT, "Metadata-Flavor": "Google", "Content-Length": str(len(body))}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(30)
        server.server_close()


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """Run fetch.py of a cloud as the first boot does."""

    def run(
        provider: str, *words: str, expected: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        library = tmp_path / provider
        library.mkdir(exist_ok=True)
        shutil.copy(FIRST_BOOT / "fetch.py", library)
        shutil.copy(FIRST_BOOT / provider / "store.py", library)
        done = subprocess.run(
            [sys.executable, str(library / "fetch.py"), *words],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == expected, done.stderr
        return done

    return run


def holds(path: Path, content: bytes, mode: int) -> bool:
    return path.read_bytes() == content and path.stat().st_mode & 0o777 == mode


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, str]]:
    """moto, and the variables of a node whose role it believes."""
    server = secret_store()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "REGION": "eu-central-1",
    }
    server.shutdown()
    thread.join(30)
    server.server_close()


def client(aws: dict[str, str], service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name=aws["REGION"],
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        aws_access_key_id="x",
        aws_secret_access_key="x",
        # What has been made is not made again where a busy machine answers late.
        config=Config(read_timeout=100, retries={"max_attempts": 0}),
    )


def test_aws_secrets_parameters_and_buckets(
    aws: dict[str, str], fetch: Fetch, tmp_path: Path
) -> None:
    made = client(aws, "secretsmanager").create_secret(Name="edge", SecretString="s3cr3t78")
    ssm = client(aws, "ssm")
    ssm.put_parameter(Name="/edge/vrrp", Value="p4r4m", Type="SecureString")
    ssm.put_parameter(Name="plain", Value="pl41n", Type="String")
    s3 = client(aws, "s3")
    s3.create_bucket(
        Bucket="wheels", CreateBucketConfiguration={"LocationConstraint": aws["REGION"]}
    )
    s3.put_object(Bucket="wheels", Key="a/cloudfail-0.1.0-py3-none-any.whl", Body=WHEEL)
    parameter = f"arn:aws:ssm:{aws['REGION']}:123456789012:parameter"
    place = tmp_path / "etc/secret"
    for name, text in (
        (made["ARN"], b"s3cr3t78"),
        (f"{parameter}/edge/vrrp", b"p4r4m"),
        (f"{parameter}/plain", b"pl41n"),
    ):
        fetch("aws", "secret", name, str(place), **aws)
        assert holds(place, text, 0o600)
    wheel = tmp_path / "cache/cloudfail-0.1.0-py3-none-any.whl"
    fetch("aws", "object", "s3://wheels/a/cloudfail-0.1.0-py3-none-any.whl", str(wheel), **aws)
    assert holds(wheel, WHEEL, 0o644)
    before = wheel.stat()
    fetch("aws", "object", "s3://wheels/a/cloudfail-0.1.0-py3-none-any.whl", str(wheel), **aws)
    assert (wheel.stat().st_ino, wheel.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_is_not_there_is_one_line_and_leaves_the_file_as_it_was(
    aws: dict[str, str], fetch: Fetch, tmp_path: Path
) -> None:
    place = tmp_path / "secret"
    place.write_bytes(b"old")
    missing = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:missing-x"
    said = fetch("aws", "secret", missing, str(place), expected=1, **aws).stderr
    assert said.startswith(f"{missing}: ResourceNotFoundException: ")
    assert said.count("\n") == 1
    assert place.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_google_secrets_and_buckets(fetch: Fetch, tmp_path: Path) -> None:
    asked: list[str] = []

    def metadata(
        path: str, query: dict[str, list[str]], headers: dict[str, str]
    ) -> tuple[int, bytes]:
        del query
        assert headers["metadata-flavor"] == "Google"
        account = {"email": "node@p.iam.gserviceaccount.com", "scopes": [], "aliases": ["default"]}
        token = {"access_token": "of-node", "expires_in": 3000, "token_type": "Bearer"}
        if path.endswith("/token"):
            return 200, json.dumps(token).encode()
        if "/service-accounts/" in path:
            return 200, json.dumps(account).encode()
        return 200, b"my-project"

    def api(path: str, query: dict[str, list[str]], headers: dict[str, str]) -> tuple[int, bytes]:
        asked.append(path)
        if headers.get("authorization") != "Bearer of-node":
            return 401, b"{}"
        if path.startswith("/storage/v1/b/wheels/o/a%2Fcloudfail"):
            assert query == {"alt": ["media"]}
            return 200, WHEEL
        if "denied" in path:
            return 403, b'{"error": {"message": "Permission secretmanager.versions.access denied"}}'
        data = base64.b64encode(b"s3cr3t78").decode()
        return 200, json.dumps({"name": path, "payload": {"data": data}}).encode()

    place, wheel = tmp_path / "secret", tmp_path / "cloudfail.whl"
    with answering(metadata) as at, answering(api) as port:
        world = {
            "GCE_METADATA_HOST": f"127.0.0.1:{at}",
            "GCE_METADATA_IP": f"127.0.0.1:{at}",
            "SECRET_ENDPOINT": f"http://127.0.0.1:{port}",
            "STORAGE_ENDPOINT": f"http://127.0.0.1:{port}",
        }
        fetch("gcp", "secret", "projects/p/secrets/edge", str(place), **world)
        fetch("gcp", "secret", "projects/p/secrets/edge/versions/7", str(place), **world)
        fetch("gcp", "object", "gs://wheels/a/cloudfail.whl", str(wheel), **world)
        denied = fetch(
            "gcp", "secret", "projects/p/secrets/denied", str(place), expected=1, **world
        )
    assert holds(place, b"s3cr3t78", 0o600)
    assert holds(wheel, WHEEL, 0o644)
    assert asked[:2] == [
        "/v1/projects/p/secrets/edge/versions/latest:access",
        "/v1/projects/p/secrets/edge/versions/7:access",
    ]
    assert "403" in denied.stderr
    assert "secretmanager.versions.access denied" in denied.stderr


def test_azure_secrets_and_blobs(fetch: Fetch, tmp_path: Path) -> None:
    tokens: list[tuple[str, str]] = []

    def identity(
        path: str, query: dict[str, list[str]], headers: dict[str, str]
    ) -> tuple[int, bytes]:
        assert (path, headers["metadata"]) == ("/metadata/identity/oauth2/token", "true")
        tokens.append((query["resource"][0], query.get("client_id", [""])[0]))
        token = {"access_token": query["resource"][0], "expires_in": "3600", "expires_on": "4102444800",
                 "resource": query["resource"][0], "token_type": "Bearer"}  # fmt: skip
        return 200, json.dumps(token).encode()

    def service(
        path: str, query: dict[str, list[str]], headers: dict[str, str]
    ) -> tuple[int, bytes]:
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if path == "/public/cloudfail.whl":
            return 200, WHEEL
        if path == "/private/cloudfail.whl":
            is_right = token == "https://storage.azure.com" and "x-ms-version" in headers
            return (200, WHEEL[::-1]) if is_right else (404, b"")
        if not token or query.get("api-version") != ["7.4"]:
            return 401, b"{}"
        return 200, json.dumps({"value": "s3cr3t78", "id": path}).encode()

    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    place, wheel = tmp_path / "secret", tmp_path / "cloudfail.whl"
    with answering(identity) as at, answering(service, tls) as port:
        world = {
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://127.0.0.1:{at}",
            "REQUESTS_CA_BUNDLE": str(trusted),
            "CLIENT_ID": "11111111-1111",
        }
        here = f"https://127.0.0.1:{port}"
        fetch("azure", "secret", f"{here}/secrets/edge", str(place), **world)
        # Of vault.azure.net it would be https://vault.azure.net: the host without its first label.
        assert tokens == [(f"https://0.0.1:{port}", "11111111-1111")]
        fetch("azure", "object", f"{here}/public/cloudfail.whl", str(wheel), **world)
        assert len(tokens) == 1, "what anybody may read is read without a token"
        assert holds(wheel, WHEEL, 0o644)
        fetch("azure", "object", f"{here}/private/cloudfail.whl", str(wheel), **world)
    assert holds(place, b"s3cr3t78", 0o600)
    assert holds(wheel, WHEEL[::-1], 0o644)
