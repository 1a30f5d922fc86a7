"""Moto's EC2, IAM and STS of one account, as one call. The only module that starts moto."""

from __future__ import annotations

import io
import itertools
import os
import re
import threading
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from cloudfail.errors import ProviderMissingError
from cloudfail.lab.cloud.aws import corrections, speed
from cloudfail.lab.cloud.aws.answers import refusal
from cloudfail.lab.cloud.aws.world import ACCOUNT, REGION
from cloudfail.lab.cloud.httpd import Incoming, Reply

SERVICES = ("ec2", "sts", "iam")
_DROPPED_HEADERS = ("content-length", "server", "date", "connection", "x-amzn-requestid")
# Moto gives every answer the same id, or none that clients find.
_REQUEST_ID = re.compile(rb"(<[rR]equestI[dD]>)[^<]*")


class Accounts:
    """Moto's state is one a process; each engine gets an account of its own in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: set[str] = set()

    def take(self) -> str:
        with self._lock:
            free = (str(int(ACCOUNT) + step) for step in itertools.count())
            account = next(name for name in free if name not in self._used)
            self._used.add(account)
            return account

    def give_back(self, account: str) -> None:
        with self._lock:
            self._used.discard(account)


ACCOUNTS = Accounts()


class Engine:
    """Not thread-safe, as moto is not: callers hold one lock around it.

    Raises ProviderMissingError when moto is not installed.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.region = REGION
        self._create_app = _load_moto()
        self._apps: dict[str, Any] = {}

    @property
    def ec2(self) -> Any:
        """Moto's EC2 backend of this account and region."""
        from moto.ec2.models import ec2_backends

        return ec2_backends[self.account][self.region]

    def answer(self, service: str, incoming: Incoming) -> Reply:
        """Let moto answer. What it does not implement is EC2's InvalidAction."""
        try:
            return self._answer(service, incoming)
        except NotImplementedError as exc:
            return refusal(400, "InvalidAction", f"The embedded AWS cannot do this: {exc}", service)
        except Exception as exc:  # noqa: BLE001 - moto's own bugs must be seen by the caller
            return refusal(500, "InternalError", f"The embedded AWS failed: {exc!r}", service)

    def _answer(self, service: str, incoming: Incoming) -> Reply:
        app = self._apps.get(service)
        if app is None:
            app = self._apps[service] = self._create_app(service)
        status: list[str] = []
        headers: dict[str, str] = {}

        def start_response(line: str, fields: list[tuple[str, str]], *_: object) -> None:
            status.append(line)
            headers.update(fields)

        chunks = app(self._environ(service, incoming), start_response)
        try:
            body = b"".join(chunks)
        finally:
            chunks.close()
        kept = {k: v for k, v in headers.items() if k.lower() not in _DROPPED_HEADERS}
        request_id = str(uuid.uuid4())
        kept["x-amzn-RequestId"] = request_id
        body = _REQUEST_ID.sub(rb"\g<1>" + request_id.encode(), body)
        return Reply(int(status[0].split()[0]), body, kept)

    def call(self, operation: str, params: Mapping[str, str], service: str = "ec2") -> str:
        """The lab's own call, past faults and log; returns the XML. RuntimeError if refused."""
        versions = {"ec2": "2016-11-15", "sts": "2011-06-15", "iam": "2010-05-08"}
        form = {"Action": operation, "Version": versions[service], **params}
        scope = f"Credential=lab/20200101/{self.region}/{service}/aws4_request"
        incoming = Incoming(
            method="POST",
            path="/",
            query={},
            headers={
                "authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            },
            body=urlencode(form).encode(),
            source="127.0.0.1",
        )
        reply = self.answer(service, incoming)
        if reply.status != 200:  # noqa: PLR2004 - HTTP's OK
            raise RuntimeError(f"{operation} {dict(params)}: {reply.body.decode()}")
        return reply.body.decode()

    def reset(self) -> None:
        from moto.ec2.models import ec2_backends
        from moto.iam.models import iam_backends
        from moto.moto_api._internal import mock_random
        from moto.sts.models import sts_backends

        for backends in (ec2_backends, iam_backends, sts_backends):
            for backend in dict(backends[self.account]).values():
                backend.reset()
        # Ids are the same in each run, so that the logs of two runs can be compared.
        mock_random.seed(self.account)

    def _environ(self, service: str, incoming: Incoming) -> dict[str, Any]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": incoming.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": incoming.path,
            "RAW_URI": incoming.path,
            "QUERY_STRING": urlencode(incoming.query),
            "SERVER_NAME": f"{service}.{self.region}.amazonaws.com",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": incoming.source,
            "CONTENT_LENGTH": str(len(incoming.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(incoming.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in incoming.headers.items():
            key = name.upper().replace("-", "_")
            environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        environ.setdefault("HTTP_HOST", environ["SERVER_NAME"])
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self._account_of(incoming)
        return environ

    def _account_of(self, incoming: Incoming) -> str:
        return self.account


def _load_moto() -> Any:
    # 1,300 machine images that no failover asks for cost 0.3 s at each start.
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")
    try:
        speed.install()
        from moto.moto_server.werkzeug_app import create_backend_app
    except ImportError as exc:
        raise ProviderMissingError(
            f"the embedded AWS needs moto ({exc.name} is missing): pip install 'cloudfail[lab]'"
        ) from exc
    corrections.install()
    return create_backend_app
