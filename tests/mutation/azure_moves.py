"""The rules that Azure's provider keeps. A module named azure would hide the SDK where the warm runner starts."""

from __future__ import annotations

from mutation.tree import Mutation

PROVIDER = "providers/cloudfail_azure"
FOLDER = "tests/providers/azure"
EXECUTE, UNFINISHED = f"{FOLDER}/test_execute.py", f"{FOLDER}/test_unfinished.py"

AZURE = (
    Mutation(
        name="azure: what an operation is still putting here counts as held",
        rule=1,
        file=f"{PROVIDER}/holdings.py",
        before="        if reason:\n            unknown = ",
        after="        if False:\n            unknown = ",
        tests=(f"{UNFINISHED}::test_an_interface_that_is_being_changed_is_named_as_the_reason",),
    ),
    Mutation(
        name="azure: what Azure failed to put here counts as held",
        rule=17,
        file=f"{PROVIDER}/unfinished.py",
        before="    return state_of(document) in UNDONE\n",
        after="    return False\n",
        tests=(f"{UNFINISHED}::test_the_own_interface_that_azure_failed_is_no_proof",),
    ),
    Mutation(
        name="azure: an address leaves its holder before this node's interface could take it",
        rule=2,
        file=f"{PROVIDER}/moves.py",
        before="    return {} if own is None or is_settled(own) else {FIRST: node.ref}\n",
        after="    return {}\n",
        tests=(
            f"{EXECUTE}::test_nothing_is_taken_off_its_holder_while_the_own_interface_is_being_changed",
        ),
    ),
    Mutation(
        name="azure: a detach that Azure would not refuse leaves without a look",
        rule=12,
        file=f"{PROVIDER}/moves.py",
        before="        conditions={**seen, **first} if seen else {},\n",
        after="        conditions={**seen, **first},\n",
        tests=(
            f"{EXECUTE}::test_while_both_interfaces_are_being_changed_nothing_is_taken_off_without_another_look",
        ),
    ),
    Mutation(
        name="azure: a public address loses on the way what its interface says of it",
        rule=3,
        file=f"{PROVIDER}/moves.py",
        before="    reference = known if is_of_it else ",
        after="    reference = ",
        tests=(
            f"{EXECUTE}::test_what_an_interface_says_of_a_public_address_is_kept_though_nobody_has_it",
        ),
    ),
)
