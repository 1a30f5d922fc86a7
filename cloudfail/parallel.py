"""Reads that are done at the same time, and what came of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from cloudfail.errors import CloudfailError

Read = Callable[[], Any]
_MOST = 16


def in_parallel(reads: Mapping[str, Read]) -> tuple[dict[str, Any], dict[str, CloudfailError]]:
    """Do all reads at once; return what they gave, and what went wrong, by name.

    Raises what is no error of ours: a bug.
    """
    outcomes = [partial(_outcome, read) for read in reads.values()]
    if len(outcomes) > 1:
        with ThreadPoolExecutor(min(len(outcomes), _MOST), thread_name_prefix="look") as pool:
            asked = [pool.submit(outcome) for outcome in outcomes]
        done = [one.result() for one in asked]
    else:
        done = [outcome() for outcome in outcomes]
    found = dict(zip(reads, done, strict=True))
    answers = {name: one for name, one in found.items() if not isinstance(one, CloudfailError)}
    failures = {name: one for name, one in found.items() if isinstance(one, CloudfailError)}
    return answers, failures


def _outcome(read: Read) -> Any:
    try:
        return read()
    except CloudfailError as error:
        return error
