"""What a node needs is taken away: the FIFO, the disk, names, the API, credentials, the file."""

from __future__ import annotations

import os
import signal
from functools import partial

from cloudfail.lab.cloud.faults import Faults

from agent.real.session import At, Proof

_TAKE = "AssociateAddress"
_OUTAGE = 4.0


def _fail_over(at: At, seconds: float = 5.0) -> None:
    """a stops; b takes over, whatever is wrong with it."""
    at.fault("a stops", "a")
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.require_holder("b", seconds)


def _repair(at: At) -> None:
    """The master still looks, and repairs."""
    done = at.run_alone("b", "cloudfail", "promote", "--instance", "edge", "--force")
    at.expect(done.returncode == 0, f"b could not take it: {done.stderr.strip()}")
    at.require_holder("a", at.repair)


def reload_in_master(at: At) -> None:
    """keepalived re-creates nothing it did not make, and says nothing: the role stays certain."""
    at.start()
    at.fault("keepalived on a is told to reload", "a")
    before = at.agent("a").get("standing", {}).get("generation")
    at.real.machines["a"].keepalived.reload()
    at.pause(5 * at.interval)
    at.expect(at.word("a") == "MASTER", f"after the reload a's agent says {at.word('a')}")
    at.expect(
        at.agent("a").get("standing", {}).get("generation") == before,
        "a reload is a change of role",
    )
    at.expect_moves(0)
    _repair(at)


def fifo_deleted(at: At) -> None:
    """keepalived writes on into the deleted pipe; one that is started later finds the new one."""
    at.start()
    for node in ("a", "b"):
        at.note("somebody deletes the FIFO", node)
        (at.real.machines[node].home / "run/cloudfail/vrrp.fifo").unlink()
    at.pause(1.2)
    for node in ("a", "b"):
        there = (at.real.machines[node].home / "run/cloudfail/vrrp.fifo").is_fifo()
        at.expect(there, f"the FIFO of {node} was not made again within a second")
    _fail_over(at)
    at.site.start_vrrp("a")
    at.require_backup("a")
    at.wait(lambda: at.word("a") == "BACKUP", 2)
    at.expect(at.word("a") == "BACKUP", f"a's agent says {at.word('a')}")
    at.site.stop_vrrp("b")
    at.require_master("a")
    at.require_holder("a", 5)


def disk_full(at: At) -> None:
    at.start()
    at.real.machines["b"].fill_disk()
    _fail_over(at)
    at.fault("the agent of b dies too, and starts on a full disk", "b")
    at.site.kill_agent("b")
    at.wait(lambda: at.word("b") == "MASTER", 5)
    at.expect(at.word("b") == "MASTER", f"b's agent says {at.word('b') or 'nothing'}")
    at.real.machines["b"].free_disk()


def dns_dead(at: At) -> None:
    """Connections are open already; what needs a name waits, and nothing else does."""
    at.start()
    at.note("b's name server no longer answers", "b")
    at.real.tell_names(at.real.machines["b"], known=False)
    _fail_over(at)
    at.note("names are found again", "b")
    at.real.tell_names(at.real.machines["b"], known=True)


def api_down(at: At, seconds: float = _OUTAGE) -> None:
    at.start()
    at.faults(Faults(down=True))
    at.fault("a stops while the API answers nobody", "a")
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.pause(seconds)
    at.expect(at.word("b") == "MASTER", f"b's agent says {at.word('b') or 'nothing'}")
    at.note("the API answers again")
    back = at.now
    at.faults()
    at.require_holder("b", 10)
    at.facts["after_the_outage_ms"] = round(((at.moved_to("b", back) or back) - back) * 1000)
    at.calm()
    at.pause(0.5)
    done = [call for call in at.writes if call.t >= back]
    at.expect(len(done) == 1, f"{len(done)} claims after the outage")


def credentials_expired(at: At) -> None:
    at.start()
    at.faults(Faults(errors={_TAKE: (400, "RequestExpired", 1)}))
    _fail_over(at)
    at.calm()
    at.pause(0.5)  # the cloud tells its calls a little later
    at.expect(
        len(at.writes) == 2, f"{len(at.writes)} claims: one refused, one with new credentials"
    )


def bad_file(at: At) -> None:
    """A reload of the agent with a file that is wrong changes nothing, and says so."""
    at.start()
    config = at.real.machines["b"].home / "etc/cloudfail.toml"
    text = config.read_text()
    config.write_text(text + "\nnonsense = 1\n")
    os.kill(at.pid("b"), signal.SIGHUP)
    at.pause(1.0)
    status = at.site.agent_of("b")
    at.expect("nonsense" in str(status), "the agent says nothing of the file that is wrong")
    config.write_text(text)
    _fail_over(at)
    os.kill(at.pid("b"), signal.SIGHUP)
    at.wait(lambda: "nonsense" not in str(at.site.agent_of("b")), 3)
    at.expect("nonsense" not in str(at.site.agent_of("b")), "the good file was not read")


def told_to_end(at: At) -> None:
    """SIGTERM ends it within a second, in the middle of a request too; nothing is released."""
    at.start()
    at.faults(Faults(latency_ms=3000))
    at.fault("a stops; b's agent is told to end while it asks", "b")
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.pause(0.2)
    pid, told = at.pid("b"), at.now
    os.kill(pid, signal.SIGTERM)
    agent = at.real.machines["b"].agent
    at.wait(lambda: agent is not None and pid not in agent.pids, 5)
    at.facts["ended_ms"] = round((at.now - told) * 1000)
    at.expect(at.now - told < 1.5, "it took more than a second to end")
    at.faults()
    at.require_holder("b", 10)


PROOFS: dict[str, Proof] = {
    "reload-in-master": reload_in_master,
    "fifo-deleted": fifo_deleted,
    "disk-full": disk_full,
    "dns-dead": dns_dead,
    "api-down-and-back": api_down,
    "credentials-expired": credentials_expired,
    "bad-file": bad_file,
    "told-to-end": told_to_end,
}
LONG: dict[str, Proof] = {"api-down-for-60-s": partial(api_down, seconds=60)}
