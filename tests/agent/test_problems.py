"""A problem is in the log once when it begins, and once when it is over."""

from __future__ import annotations

from cloudfail.agent.problems import Problems


def test_each_is_said_once_and_once_that_it_is_over() -> None:
    found: list[str] = []
    noted: list[str] = []
    problems = Problems(lambda: found, lambda event, _, text: noted.append(f"{event} {text}"))
    for now in ([], ["the port"], ["the port", "the file", "the file"], ["the file"], []):
        found[:] = now
        problems.look()
        problems.look()
    assert noted == [
        "problem the port", "problem the file", "problem_over the port", "problem_over the file",
    ]  # fmt: skip
