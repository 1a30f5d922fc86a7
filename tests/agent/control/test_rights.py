"""Who asks, and what they may: by the credentials that the kernel tells of the peer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.control.serving import Served, as_user, request, until

pytestmark = pytest.mark.netns

STRANGER, OTHERS, MEMBERS = 65534, 65534, 54321
ASK = """
line = socket.socket(socket.AF_UNIX)
line.settimeout(30)
try:
    line.connect(sys.argv[1])
except PermissionError:
    print("no entry")
    sys.exit()
line.sendall(sys.argv[2].encode())
while chunk := line.recv(65536):
    sys.stdout.write(chunk.decode())
"""


def ask(server: Served, gid: int, *argv: str) -> str:
    return as_user(STRANGER, gid, ASK, str(server.path), request(*argv).decode())


@pytest.fixture
def place(place: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    os.chown(place, 0, MEMBERS)
    return place


def test_the_socket_is_for_its_owner_and_the_directorys_group(server: Served) -> None:
    status = server.path.stat()
    assert status.st_mode & 0o777 == 0o660
    assert (status.st_uid, status.st_gid) == (0, MEMBERS)


@pytest.mark.parametrize("verb", ["status", "plan"])
def test_a_member_of_its_group_may_look(server: Served, verb: str) -> None:
    assert '"exit_code": 0' in ask(server, MEMBERS, verb)


@pytest.mark.parametrize(
    "verb", ["promote", "demote", "notify", "pause", "resume", "reload", "handover", "", "statu"]
)
def test_a_member_of_its_group_may_change_nothing(server: Served, verb: str) -> None:
    answer = ask(server, MEMBERS, verb)
    assert '"exit_code": 77' in answer
    assert "may look (plan, status), not change; ask as root" in answer
    assert server.asked == []
    until(lambda: server.said("was refused: "))


def test_a_command_of_no_words_is_no_look(server: Served) -> None:
    assert '"exit_code": 77' in ask(server, MEMBERS)


def test_a_group_that_is_not_the_first_counts_as_well(server: Served) -> None:
    asked = request("status").decode()
    answer = as_user(STRANGER, OTHERS, ASK, str(server.path), asked, groups=(7, MEMBERS))
    assert '"exit_code": 0' in answer


def test_others_do_not_get_in(server: Served) -> None:
    assert ask(server, OTHERS, "status") == "no entry\n"


def test_whoever_gets_in_by_a_wrong_mode_may_ask_nothing(server: Served) -> None:
    server.path.chmod(0o666)
    answer = ask(server, OTHERS, "status")
    assert '"exit_code": 77' in answer
    assert "may ask the agent nothing; ask as root" in answer
    assert server.asked == []


def test_a_user_without_a_name_is_told_by_number(server: Served) -> None:
    answer = as_user(61234, MEMBERS, ASK, str(server.path), request("pause").decode())
    assert "user 61234 may look" in answer


def test_the_agents_own_user_may_change(place: Path) -> None:
    """As its unit says, the agent is not root."""
    os.chown(place, STRANGER, MEMBERS)
    code = """
with serving.served(Path(sys.argv[1])) as server:
    print(server.say(serving.request("pause"))[-1]["exit_code"], server.asked[0].peer.uid)
"""
    assert as_user(STRANGER, STRANGER, code, str(place)) == f"0 {STRANGER}\n"
