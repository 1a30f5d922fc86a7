"""The page about load balancers says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from cloudfail.agent.responder import port, responders, visit
from cloudfail.config import examine

from agent.responder.serving import Served, free_port, status

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "load-balancers.md"


def test_the_configuration_of_the_page_is_valid_and_answers(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (toml,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    number = free_port()
    file = tmp_path / "cloudfail.toml"
    file.write_text(toml.replace("8100", str(number)), encoding="utf-8")
    config, problems = examine(file, {})
    assert problems == ()
    with Served(*config.instances["edge"].responders, answers=True) as served:
        assert status(number, "/master") == 200
        served.set(False)
        assert status(number, "/master") == 503


def test_the_limits_of_the_page_are_those_that_are_kept() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert (visit.SECONDS, "A client has a second" in text) == (1.0, True)
    assert f"; {port.MOST} may be connected" in text
    assert f"at most {responders.POLL} s from the role to the answer" in text
