"""The rules that the core keeps, whatever the cloud."""

from __future__ import annotations

from mutation.tree import Mutation

RULES = "tests/unit/test_promote_rules.py"
READS = "tests/unit/test_promote_reads.py"
STOPS = "tests/unit/test_promote_stops.py"

CORE = (
    Mutation(
        name="an unknown holder is not reported",
        rule=1,
        file="cloudfail/guard.py",
        before="elif holding.owner is Owner.UNKNOWN:",
        after="elif False:",
        tests=("tests/unit/test_guard.py",),
    ),
    Mutation(
        name="a stranger is robbed without --force",
        rule=5,
        file="cloudfail/guard.py",
        before="if rules.force and holding.owner is Owner.STRANGER:",
        after="if holding.owner is Owner.STRANGER:",
        tests=("tests/unit/test_guard.py",),
    ),
    Mutation(
        name="a protected prefix is touched",
        rule=5,
        file="cloudfail/guard.py",
        before="if prefix is not None:",
        after="if False:",
        tests=("tests/unit/test_guard.py", "tests/unit/test_planner.py"),
    ),
    Mutation(
        name="what was written, and does not show yet, is written again",
        rule=6,
        file="cloudfail/promote.py",
        before="[claim for claim, progress in self._claims.items() if progress.is_to_leave(now)]",
        after="[]",
        tests=(RULES,),
    ),
    Mutation(
        name="a late read after the proof makes it write again",
        rule=6,
        file="cloudfail/progress.py",
        before="return self.shown is not None and now - self.shown.at < SETTLE_SECONDS",
        after="return False",
        tests=(READS,),
    ),
    Mutation(
        name="a holder that a late read shows is a thief",
        rule=6,
        file="cloudfail/progress.py",
        before="if holding.holder and holding.holder != written.before.holder:",
        after="if True:",
        tests=(READS,),
    ),
    Mutation(
        name="a look that says nothing after a write counts as a thief",
        rule=1,
        file="cloudfail/progress.py",
        before="if holding.holder and holding.holder != written.before.holder:",
        after="if holding.holder != written.before.holder:",
        tests=(READS,),
    ),
    Mutation(
        name="one failed step takes the others down",
        rule=7,
        file="cloudfail/apply.py",
        before="if not isinstance(error, CloudfailError):",
        after="if error is not None:",
        tests=("tests/unit/test_apply.py", "tests/unit/test_promote.py"),
    ),
    Mutation(
        name="one refused claim of a batch stops its neighbours",
        rule=7,
        file="cloudfail/promote.py",
        before="            self._apart = self._apart or apart\n",
        after="",
        tests=("tests/unit/test_promote.py",),
    ),
    Mutation(
        name="a stop leaves with nobody what this run has removed",
        rule=8,
        file="cloudfail/promote.py",
        before="        owed = [progress for progress in self._open() if progress.owed]\n",
        after="        owed = []\n",
        tests=(RULES,),
    ),
    Mutation(
        name="a stopped run takes from whoever took what it had removed",
        rule=8,
        file="cloudfail/promote.py",
        before="only = self._stopped is not None",
        after="only = False",
        tests=(STOPS,),
    ),
    Mutation(
        name="a run that must end looks once more",
        rule=8,
        file="cloudfail/promote.py",
        before="            if isinstance(error, _ENDING):\n                raise error\n",
        after="            pass\n",
        tests=(READS,),
    ),
    Mutation(
        name="a step is begun and written down before the role is asked",
        rule=8,
        file="cloudfail/apply.py",
        before="            run.before_write(step.call)\n",
        after="",
        tests=("tests/unit/test_apply.py",),
    ),
    Mutation(
        name="the role is not asked before a write",
        rule=8,
        file="cloudfail/run.py",
        before="        self._role(completes=completes)\n",
        after="",
        tests=("tests/unit/test_run.py",),
    ),
    Mutation(
        name="a stopped run abandons its own half-done move",
        rule=8,
        file="cloudfail/run.py",
        before="        if not completes:\n            self.check_stopped()\n",
        after="        self.check_stopped()\n",
        tests=("tests/unit/test_run.py",),
    ),
    Mutation(
        name="a run goes on writing after its deadline",
        rule=8,
        file="cloudfail/run.py",
        before="if self.deadline.left() <= 0 and not self._completes():",
        after="if False:",
        tests=("tests/unit/test_run.py",),
    ),
    Mutation(
        name="what a step destroys is not on disk first",
        rule=3,
        file="cloudfail/apply.py",
        before="        run.journal.settle(0.2)\n",
        after="        pass\n",
        tests=("tests/unit/test_apply.py",),
    ),
)
