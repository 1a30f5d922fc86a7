"""The rules that Google Cloud's provider keeps for routes, and the core for what it tidies up."""

from __future__ import annotations

from mutation.tree import Mutation

PROVIDER = "providers/cloudfail_gcp"
FOLDER = "tests/providers/gcp"
ROUTES, LEFTOVERS = f"{FOLDER}/test_routes.py", f"{FOLDER}/test_leftovers.py"
STANDING, CONFLICTS = f"{FOLDER}/test_standing_routes.py", f"{FOLDER}/test_route_conflicts.py"
TIDY, TIDYING = "tests/unit/test_tidy.py", "tests/agent/work/test_tidying.py"

GCP_ROUTES = (
    Mutation(
        name="gcp: the old route goes before the new one is made",
        rule=2,
        file=f"{PROVIDER}/route_steps.py",
        before='        yield _insert(holding, node.facts["instance"], number, stage=stage)\n'
        "        stage += 1\n",
        after='        yield _insert(holding, node.facts["instance"], number, stage=stage + 1)\n',
        tests=(f"{ROUTES}::test_a_route_moves_without_a_gap",),
    ),
    Mutation(
        name="gcp: a failover deletes the routes that stand behind",
        rule=5,
        file=f"{PROVIDER}/route_steps.py",
        before="    whole = () if numbers.standing else numbers.window\n",
        after="    whole = numbers.window\n",
        tests=(f"{STANDING}::test_a_failover_is_one_delete",),
    ),
    Mutation(
        name="gcp: a standing route is made before the master's",
        rule=2,
        file=f"{PROVIDER}/route_steps.py",
        before="    free = numbers.free(taken, above=mine[0])\n",
        after="    free = numbers.free(taken)\n",
        tests=(STANDING,),
    ),
    Mutation(
        name="gcp: the young route of a peer that takes over is a leftover",
        rule=2,
        file=f"{PROVIDER}/leftovers.py",
        before="    return route.is_dead or now - route.created >= OLD_SECONDS\n",
        after="    return True\n",
        tests=(f"{LEFTOVERS}::test_a_young_route_may_be_about_to_win",),
    ),
    Mutation(
        name="gcp: leftovers go while somebody deletes this node's route",
        rule=2,
        file=f"{PROVIDER}/route_steps.py",
        before="    if not mine or holding.is_moving:\n",
        after="    if not mine:\n",
        tests=(f"{LEFTOVERS}::test_nothing_goes_while_somebodys_call_is_under_way",),
    ),
    Mutation(
        name="gcp: a route of somebody else's making is a leftover",
        rule=5,
        file=f"{PROVIDER}/leftovers.py",
        before="        return is_named and route.is_dead  # a node that is gone\n",
        after="        return True\n",
        tests=(f"{LEFTOVERS}::test_a_strangers_route_stays_while_it_has_a_machine",),
    ),
    Mutation(
        name="gcp: a late read of a route is believed",
        rule=6,
        file=f"{PROVIDER}/certainty.py",
        before="    return bool(shown) and all(shown)\n",
        after="    return True\n",
        tests=(CONFLICTS,),
    ),
    Mutation(
        name="what only tidies up comes before what has to be taken",
        rule=18,
        file="cloudfail/promote.py",
        before="self._ledger.due(taking(plan.lanes))",
        after="self._ledger.due(plan.lanes)",
        tests=(TIDY,),
    ),
    Mutation(
        name="services wait for what only tidies up",
        rule=18,
        file="cloudfail/agent/work/attempt.py",
        before="            tidies=cause.why not in _URGENT,\n",
        after="            tidies=True,\n",
        tests=(f"{TIDYING}::test_the_next_look_of_the_master_tidies_up",),
    ),
)
