"""The three modules of Terraform say the same where they use the same word."""

from __future__ import annotations

from collections import defaultdict

from house.terraform_docs import REPOSITORY, entries

CLOUDS = ("aws", "gcp", "azure")
# What differs with the cloud; terraform/README.md says how.
OF_THE_CLOUD = {
    "nodes",
    "claims",
    "own_egress",
    "ingress",
    "load_balancer",
    "image",
    "provider_settings",
    "tags",
}
OUTPUTS = {"cloudfail_toml", "addresses", "nodes", "policy", "check_commands"}


def words(kind: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Type and default of each word, by module."""
    found: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for cloud in CLOUDS:
        for each in entries(REPOSITORY / "terraform" / cloud):
            if each.kind == kind:
                found[each.name][cloud] = (" ".join(each.type.split()), each.default)
    return found


def test_an_input_of_several_modules_has_one_type_and_one_default() -> None:
    different = {name for name, each in words("variable").items() if len(set(each.values())) > 1}
    assert different == OF_THE_CLOUD


def test_what_differs_is_told() -> None:
    text = (REPOSITORY / "terraform" / "README.md").read_text(encoding="utf-8")
    _, _, told = text.partition("## The same words")
    assert {name for name in OF_THE_CLOUD if f"| `{name}` |" not in told} == set()


def test_the_common_outputs_are_those_of_each_module() -> None:
    common = {name for name, each in words("output").items() if set(each) == set(CLOUDS)}
    assert common == OUTPUTS
