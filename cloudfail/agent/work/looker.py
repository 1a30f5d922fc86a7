"""The thread of an instance that looks: ahead while BACKUP, for drift while MASTER."""

from __future__ import annotations

from cloudfail.agent.role.standing import Standing
from cloudfail.agent.work import endless
from cloudfail.agent.work.around import Around
from cloudfail.agent.work.board import Board
from cloudfail.agent.work.requests import settle
from cloudfail.agent.work.sight import Sight
from cloudfail.agent.work.source import Source
from cloudfail.errors import CloudfailError, ThrottledError
from cloudfail.model import Plan, Severity
from cloudfail.planner import build_plan
from cloudfail.role import Role

_LONGEST_WAIT = 60.0
# Seconds between two attempts to tidy up, so that one which fails is not made at each look.
_TIDY_APART = 60.0


class Looker:
    """Looks when the pace says so, and decides what of a drift is to be repaired."""

    def __init__(self, around: Around, source: Source, board: Board) -> None:
        self._around, self._source, self._board = around, source, board
        self._target, self._clock = around.target, around.clock

    def serve(self) -> None:
        """Look until the board says stop; the body of a thread."""
        endless.serve(self._turn, self._board, self._around)

    def _turn(self) -> bool:
        if not self._wait():
            return False
        self.look()
        return True

    def _wait(self) -> bool:
        """Wait until a look is due and nothing runs, or somebody asks; False when it is over."""
        board = self._board
        with board.changed:
            while not board.stopping:
                left = board.pace.due - self._clock.now()
                if board.asking or (left <= 0 and board.run is None):
                    return True
                board.looking.wait(min(left, _LONGEST_WAIT) if left > 0 else _LONGEST_WAIT)
        return False

    def look(self) -> None:
        """Look once, for those who ask, and take in what was seen."""
        board = self._board
        with board.changed:
            asking, runs, began = board.take_asking(), board.runs, self._clock.now()
            is_free = board.run is None
            board.pace.begun(began)
            board.looking_since = began
        standing = self._around.keeper.standing()
        try:
            plan = self._plan()
            settle(asking, plan)
        except CloudfailError as error:
            settle(asking, error)
            self._failed(error, standing)
            return
        finally:
            board.looking_since = None
            settle(asking, CloudfailError("the look came to no end; see the log of the agent"))
        sight = Sight(plan=plan, began=began, generation=standing.generation)
        with board.changed:
            if not is_free or board.runs != runs or board.generation != standing.generation:
                board.pace.missed()
                return
            self._take_in(sight, standing)
            board.changed.notify_all()

    def _plan(self) -> Plan:
        return build_plan(
            self._source.provider(),
            self._target.instance.claims,
            instance=self._target.instance.name,
            rules=self._target.rules(),
        )

    def _take_in(self, sight: Sight, standing: Standing) -> None:
        board, now = self._board, self._clock.now()
        board.sight = sight
        self._alarm("look", "")
        self._alarm("mistake", "")
        is_master = standing.role is Role.MASTER
        self._alarm("claims", _refused(sight) if is_master else "")
        if not is_master:
            self._alarm("quarrel", "")
        if not is_master or (sight.is_mine and not sight.plan.lanes):
            self._alarm("run", "")  # nothing is left of what it could not do
        if sight.says_nothing:
            board.pace.failed(now, is_master=is_master, throttled=False)
            return
        if not is_master:
            board.pace.looked(now, is_master=False, is_fine=True)
            return
        board.drift.see(sight.plan.holdings, now)
        board.pace.looked(now, is_master=True, is_fine=not board.drift)
        if not board.drift:
            board.quarrel.held(now)
            self._tell_quarrel()
            self._tidy(sight, standing, now)
        elif standing.is_master and board.promoted == standing.generation:
            self._repair(sight, standing, now)

    def _tidy(self, sight: Sight, standing: Standing, now: float) -> None:
        """Have put in order what is all this node's, but not as it should be."""
        board = self._board
        may_act = standing.is_master and board.promoted == standing.generation
        if sight.is_mine and sight.plan.lanes and may_act and now >= board.tidy_at:
            board.tidy_at = now + _TIDY_APART
            board.repair = sight

    def _repair(self, sight: Sight, standing: Standing, now: float) -> None:
        """Have a certain drift repaired: now, or when an earlier quarrel allows it."""
        board = self._board
        if not board.drift.is_certain(now, self._target.instance.vrrp.advert_int):
            board.pace.confirm(now)
            return
        if board.repair is None:
            board.quarrel.lost()
        self._tell_quarrel()
        at = board.quarrel.may_repair_at(outranks=self._outranks(sight, standing))
        if at <= now:
            board.repair = sight
        else:
            board.pace.by(at)

    def _outranks(self, sight: Sight, standing: Standing) -> bool:
        """True when this node advertises a higher priority than whoever has what it lost."""
        mine = standing.priority or (self._target.me.priority if self._target.me else 0)
        if standing.lower_peer is not None:
            return True
        holders = {
            self._target.holder_name(holding, sight.plan.node)
            for holding in sight.plan.holdings
            if holding.claim in self._board.drift
        }
        priorities = {node.name: node.priority for node in self._target.instance.nodes}
        return all(name in priorities and priorities[name] < mine for name in holders)

    def _tell_quarrel(self) -> None:
        quarrel = self._board.quarrel
        sentence = (
            "what this node repaired was taken away again, time after time; another node masters "
            "that does not hear this one, or somebody else moves it: run `cloudfail doctor` on "
            "every node"
        )
        self._alarm("quarrel", sentence if quarrel.is_to_be_told else "")

    def _failed(self, error: CloudfailError, standing: Standing) -> None:
        board = self._board
        with board.changed:
            throttled = isinstance(error, ThrottledError)
            is_master = standing.role is Role.MASTER
            board.pace.failed(self._clock.now(), is_master=is_master, throttled=throttled)
            self._alarm("look", str(error))

    def _alarm(self, about: str, sentence: str) -> None:
        self._around.alarm(self._board, about, sentence)


def _refused(sight: Sight) -> str:
    """Say what a person has to look at: strangers, obstacles. What is unknown only waits."""
    told = [
        f"{finding.subject}: {finding.message}"
        for finding in sight.plan.findings
        if finding.severity is Severity.ERROR and finding.remedy != "look again"
    ]
    return "; ".join(told)
