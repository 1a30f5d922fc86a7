"""Write a secret, or an object of a bucket, into a file: as the role of this machine, whole or not at all.

fetch.py secret ID FILE     mode 0600
fetch.py object URL FILE    mode 0644

`store.py` beside it is the cloud's. Nothing is written where the file holds the same already.
"""

import os
import sys
import tempfile
from pathlib import Path

import store

MODES = {"secret": 0o600, "object": 0o644}


def main(kind: str, name: str, place: str) -> int:
    try:
        content = getattr(store, kind)(name)
    except Exception as error:  # noqa: BLE001 - each SDK has its own, and the reader is a log
        said = " ".join(str(error).split())
        print(f"{name}: {type(error).__name__}: {said}", file=sys.stderr)  # noqa: T201
        return 1
    write(Path(place), content, MODES[kind])
    return 0


def write(path: Path, content: bytes, mode: int) -> None:
    if path.is_file() and path.read_bytes() == content and path.stat().st_mode & 0o777 == mode:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(content)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
