"""What tests of the Terraform modules share: stub providers, and places to run terraform in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from terraform.aws_provider import Real
from terraform.stubs import Stub
from terraform.workspace import Workspace, copied, environment

MISSING = "terraform is not installed: see https://developer.hashicorp.com/terraform/install"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.terraform)
            item.add_marker(pytest.mark.sweep)  # what they start of cloudfail is measured elsewhere


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    if item.get_closest_marker("terraform") and shutil.which("terraform") is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{MISSING}; in CI these tests have to run", pytrace=False)
        pytest.skip(MISSING)
    return (yield)


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stub]]:
    """The stub provider of a schema, started when it is first asked for."""
    started: dict[str, Stub] = {}

    def stub(schema: str) -> Stub:
        if schema not in started:
            # The path of a socket is short, as the kernel wants it.
            started[schema] = Stub(schema, tmp_path_factory.mktemp("stub") / "s")
        return started[schema]

    yield stub
    for each in started.values():
        each.stop()


@pytest.fixture
def stub(stubs: Callable[[str], Stub]) -> Callable[[str], Stub]:
    """The stub provider of a schema (`aws-5`), with nothing in its cloud."""

    def empty(schema: str) -> Stub:
        found = stubs(schema)
        found.reset()
        return found

    return empty


@pytest.fixture
def workspace(tmp_path: Path) -> Callable[..., Workspace]:
    """A workspace of a directory of this tree, in a copy; of an empty one when none is named."""

    def make(directory: str | None, *served: Stub | Real) -> Workspace:
        scratch = tmp_path / f"workspace-{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        place = scratch / "empty" if directory is None else copied(scratch) / directory
        place.mkdir(exist_ok=True)
        return Workspace(place, scratch, environment(scratch, *(each.reattach for each in served)))

    return make
