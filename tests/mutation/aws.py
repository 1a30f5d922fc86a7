"""The rules that the AWS provider keeps."""

from __future__ import annotations

from mutation.tree import Mutation

PROVIDER = "providers/cloudfail_aws"
FOLDER = "tests/providers/aws"
PLANNING = f"{FOLDER}/test_plan.py"
MEMBERS = "tests/unit/test_aws_members.py"

AWS = (
    Mutation(
        name="aws: a read that failed means nobody",
        rule=1,
        file="cloudfail/holdings.py",
        before='owner=Owner.UNKNOWN, obstacle=str(error) if lasting else ""',
        after='owner=Owner.NOBODY, obstacle=str(error) if lasting else ""',
        tests=(
            f"{FOLDER}/test_observe.py::test_a_part_that_could_not_be_read_is_unknown_and_spoils_nothing_else",
        ),
    ),
    Mutation(
        name="aws: an unknown holder is taken from",
        rule=1,
        file=PROVIDER,
        before="if h.owner in (Owner.PEER, Owner.NOBODY) and not h.obstacle",
        after="if h.owner in (Owner.PEER, Owner.NOBODY, Owner.UNKNOWN) and not h.obstacle",
        tests=(PLANNING,),
    ),
    Mutation(
        name="aws: an Elastic IP is not taken over in one call",
        rule=2,
        file=PROVIDER,
        before='"AllowReassociation": True',
        after='"AllowReassociation": False',
        tests=(PLANNING,),
    ),
    Mutation(
        name="aws: a private address is not taken over in one call",
        rule=2,
        file=PROVIDER,
        before='"AllowReassignment": True',
        after='"AllowReassignment": False',
        tests=(PLANNING,),
    ),
    Mutation(
        name="aws: an IPv6 address is taken off its holder without proof that it fits here",
        rule=2,
        file=PROVIDER,
        before="    if not same_family or any(address in net for net in same_family):\n",
        after="    if True:\n",
        tests=(f"{FOLDER}/test_observe.py::test_a_private_address_never_leaves_its_subnet",),
    ),
    Mutation(
        name="aws: what an IPv6 release destroys is not told",
        rule=3,
        file=PROVIDER,
        before='destroys={"holder": holder, "addresses": _targets(theirs)},',
        after="",
        tests=(PLANNING,),
    ),
    Mutation(
        name="aws: an address is compared as text with the peers'",
        rule=4,
        file=PROVIDER,
        before="not addresses.isdisjoint(interface.addresses)",
        after="any(str(p) in str(a) for p in addresses for a in interface.addresses)",
        tests=(MEMBERS,),
    ),
    Mutation(
        name="aws: an Elastic IP goes to the instance, not to the interface",
        rule=4,
        file=PROVIDER,
        before='            "NetworkInterfaceId": node.ref,\n            "PrivateIpAddress": seat,\n',
        after='            "InstanceId": node.facts.get("instance_id", ""),\n',
        tests=(PLANNING,),
    ),
    Mutation(
        name="aws: a stranger counts as a peer",
        rule=5,
        file=PROVIDER,
        before="return Owner.PEER if known else Owner.STRANGER",
        after="return Owner.PEER",
        tests=(MEMBERS,),
    ),
    Mutation(
        name="aws: what is held already is written again",
        rule=6,
        file=PROVIDER,
        before="if h.owner in (Owner.PEER, Owner.NOBODY) and not h.obstacle",
        after="if h.owner in (Owner.PEER, Owner.NOBODY, Owner.MINE) and not h.obstacle",
        tests=(PLANNING,),
    ),
    Mutation(
        name="aws: one kind that cannot be read stops the others",
        rule=7,
        file=PROVIDER,
        before="    except ProviderError as error:\n        return error\n",
        after="    except ProviderError:\n        raise\n",
        tests=(
            f"{FOLDER}/test_observe.py::test_a_part_that_could_not_be_read_is_unknown_and_spoils_nothing_else",
        ),
    ),
    Mutation(
        name="aws: a request leaves without asking for the role",
        rule=8,
        file=PROVIDER,
        before="            self._setup.before_write(operation)\n",
        after="            pass\n",
        tests=(f"{FOLDER}/test_api.py::test_a_write_passes_the_role_check_and_a_read_does_not",),
    ),
    Mutation(
        name="aws: a half-done IPv6 move is abandoned",
        rule=8,
        file=PROVIDER,
        before="stage=1, completes=True",
        after="stage=1, completes=False",
        tests=(PLANNING,),
    ),
    Mutation(
        name="aws: a route cuts the node's own way to the API",
        rule=9,
        file=PROVIDER,
        before="    if cuts(claim.destination, table, around.api):\n",
        after="    if False:\n",
        tests=(
            f"{FOLDER}/test_observe.py::test_a_default_route_in_the_own_subnets_table_would_cut_the_node_off",
        ),
    ),
    Mutation(
        name="aws: a standby without a way of its own to the API is not noticed",
        rule=9,
        file=PROVIDER,
        before="    if leaves_without_public_ip(way, node):\n",
        after="    if True:\n",
        tests=(
            f"{FOLDER}/test_check.py::test_egress_that_hangs_on_the_address_that_moves_is_warned_of",
        ),
    ),
)
