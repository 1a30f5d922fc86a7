"""The rules that Google Cloud's provider keeps."""

from __future__ import annotations

from mutation.tree import Mutation

PROVIDER = "providers/cloudfail_gcp"
FOLDER = "tests/providers/gcp"
CONFIGS, UNSEEN = f"{FOLDER}/test_access_configs.py", f"{FOLDER}/test_unseen_deletes.py"
EGRESS = f"{FOLDER}/test_egress.py"
_STAYS = "test_an_address_that_could_not_be_put_on_stays_with_its_holder"

GCP = (
    Mutation(
        name="gcp: an address that nobody was seen with is taken as if it were free",
        rule=1,
        file=PROVIDER,
        before="return Holding(claim=claim, owner=Owner.UNKNOWN)  # one of the two looks is an older",
        after="return Holding(claim=claim, owner=Owner.NOBODY)  # one of the two looks is an older",
        tests=(f"{CONFIGS}::test_an_address_that_says_it_is_used_by_nobody_seen_is_unknown",),
    ),
    Mutation(
        name="gcp: an access config goes by a name that tells nothing of its address",
        rule=3,
        file=PROVIDER,
        before="    if planned == telling_name(address):\n",
        after="    if True:\n",
        tests=(f"{CONFIGS}::test_another_config_of_that_name_is_not_deleted",),
    ),
    Mutation(
        name="gcp: this node's own access config goes, whatever address came to it",
        rule=3,
        file=PROVIDER,
        before='if not step.releases and told(str(step.params["networkInterface"])) == address != "":',
        after="if not step.releases:",
        tests=(f"{UNSEEN}::test_a_reserved_address_that_came_to_this_node_stays",),
    ),
    Mutation(
        name="gcp: a delete that failed counts as done",
        rule=2,
        file=f"{PROVIDER}/config_calls.py",
        before="        if _has_address(api, step):\n",
        after="        if False:\n",
        tests=(f"{UNSEEN}::test_a_delete_that_did_not_happen_is_no_success",),
    ),
    Mutation(
        name="gcp: an access config loses its PTR record on the way",
        rule=3,
        file=PROVIDER,
        before='"name": config.name, "ptr": config.ptr,',
        after='"name": config.name, "ptr": "",',
        tests=(f"{CONFIGS}::test_a_move_keeps_name_tier_and_ptr_and_all_else",),
    ),
    Mutation(
        name="gcp: a reserved address of this node is thrown out",
        rule=5,
        file=PROVIDER,
        before="    if reserved is not None:\n        return (\n",
        after="    if False:\n        return (\n",
        tests=(f"{CONFIGS}::test_a_reserved_address_of_this_node_is_not_displaced",),
    ),
    Mutation(
        name="gcp: other alias ranges of an interface are dropped",
        rule=3,
        file=PROVIDER,
        before="return [dict(alias) for alias in ranges if range_of(alias) not in gone]",
        after="return []",
        tests=(f"{FOLDER}/test_aliases.py::test_a_move_is_two_writes_and_leaves_all_else_alone",),
    ),
    Mutation(
        name="gcp: an address is taken off its holder though it may not be put on",
        rule=2,
        file=f"{PROVIDER}/permitted.py",
        before="    if missing:\n        why = (\n",
        after="    if False:\n        why = (\n",
        tests=(f"{FOLDER}/test_permitted.py::{_STAYS}",),
    ),
    Mutation(
        name="gcp: a stranger counts as a peer",
        rule=5,
        file=PROVIDER,
        before="return Owner.PEER if machine in known else Owner.STRANGER",
        after="return Owner.PEER",
        tests=(f"{UNSEEN}::test_who_took_it_meanwhile_keeps_it",),
    ),
    Mutation(
        name="gcp: a request leaves without asking for the role",
        rule=8,
        file=PROVIDER,
        before="        self._check(method, url)\n",
        after="",
        tests=(f"{FOLDER}/test_credentials.py::test_the_gate_speaks_last_and_nothing_is_sent",),
    ),
    Mutation(
        name="gcp: a half-done move of an address is abandoned",
        rule=8,
        file=PROVIDER,
        before="completes=bool(holding.holder),",
        after="completes=False,",
        tests=(f"{CONFIGS}::test_a_move_keeps_name_tier_and_ptr_and_all_else",),
    ),
    Mutation(
        name="gcp: a route cuts the node's own way to the API",
        rule=9,
        file=f"{PROVIDER}/own_way.py",
        before="    if target is None:\n",
        after="    if True:\n",
        tests=(f"{EGRESS}::test_a_route_that_would_cut_the_way_is_refused",),
    ),
    Mutation(
        name="gcp: what the node's tags make of a route is not asked",
        rule=9,
        file=PROVIDER,
        before="    return not route or not set(route).isdisjoint(machine)\n",
        after="    return not route\n",
        tests=(f"{EGRESS}::test_tags_count_where_this_node_has_them",),
    ),
    Mutation(
        name="gcp: a NAT between private networks counts as a way to the API",
        rule=9,
        file=PROVIDER,
        before='nat.type_ == "PRIVATE" or ',
        after="",
        tests=(f"{EGRESS}::test_only_a_nat_to_the_internet_is_another_way",),
    ),
    Mutation(
        name="gcp: Private Service Connect counts as a way without Private Google Access",
        rule=9,
        file=PROVIDER,
        before="    if host.endswith(_GOOGLE) or not addresses:\n",
        after="    if not addresses:\n",
        tests=(f"{EGRESS}::test_private_google_access_is_a_way_to_private_service_connect",),
    ),
    Mutation(
        name="gcp: the node gives away the only address that it reaches the API by",
        rule=9,
        file=PROVIDER,
        before="    if seen.subnet is not None and seen.subnet.reaches_google:\n",
        after="    if True:\n",
        tests=(f"{CONFIGS}::test_the_way_to_the_api_is_not_sawn_off",),
    ),
)
