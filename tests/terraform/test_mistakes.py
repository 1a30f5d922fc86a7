"""The stub bites: what a real provider's schema refuses, terraform refuses with the stub."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terraform.mistakes import MISTAKES, RIGHT, made
from terraform.mistakes.mistake import Mistake
from terraform.stubs import MAJORS, Stub
from terraform.workspace import RefusedError, Workspace

SCHEMAS = [schema for majors in MAJORS.values() for schema in majors]


@pytest.fixture(params=SCHEMAS)
def place(
    request: pytest.FixtureRequest,
    workspace: Callable[..., Workspace],
    stub: Callable[[str], Stub],
) -> tuple[str, Workspace]:
    provider = request.param.partition("-")[0]
    found: Workspace = workspace(None, stub(request.param))
    found.write("main.tf", RIGHT[provider])
    found.init()
    return provider, found


def test_each_mistake_is_refused_and_named(place: tuple[str, Workspace]) -> None:
    provider, found = place
    found.validate()
    answers = {mistake.name: answer(found, provider, mistake) for mistake in MISTAKES[provider]}
    wrong = {
        mistake.name: answers[mistake.name]
        for mistake in MISTAKES[provider]
        if mistake.refusal not in answers[mistake.name]
    }
    assert not wrong


def answer(found: Workspace, provider: str, mistake: Mistake) -> str:
    found.write("main.tf", made(provider, mistake))
    try:
        found.validate()
    except RefusedError as exc:
        return str(exc)
    return "no refusal"


def test_a_right_configuration_is_applied_and_stable(place: tuple[str, Workspace]) -> None:
    _, found = place
    found.apply()
    again = found.plan()
    assert again.is_empty, again.changes
