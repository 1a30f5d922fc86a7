"""All pairs: few combinations in which every two values of different parameters meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product

Choice = tuple[str, str]  # a parameter, and one of its values
Pair = tuple[Choice, Choice]  # in the order of the parameters
Case = dict[str, str]
Levels = Mapping[str, Sequence[str]]
_Partners = Mapping[Choice, set[Choice]]


def all_pairs(levels: Levels, never: Iterable[Pair] = ()) -> list[Case]:
    """Return combinations that hold every possible pair, none of them one of `never`.

    Greedy and without chance: the same cases at each run. Raises AssertionError for a pair that
    no further values fit to; such a pair belongs into `never`.
    """
    forbidden = _partners(never)
    left = dict.fromkeys(pairs_of(levels, never))
    wanted = _partners(left)
    names = sorted(levels, key=lambda name: -sum((name, v) in forbidden for v in levels[name]))
    cases: list[Case] = []
    while left:
        first = next(iter(left))
        case = _completed(dict(first), names, levels, forbidden, wanted)
        assert case, f"{first} cannot be completed: put it into never"
        cases.append({name: case[name] for name in levels})
        for one, other in pairs_in(cases[-1]):
            left.pop((one, other), None)
            wanted[one].discard(other)
            wanted[other].discard(one)
    return cases


def pairs_of(levels: Levels, never: Iterable[Pair] = ()) -> Iterator[Pair]:
    """Yield every pair of values of two parameters that is not forbidden."""
    forbidden = frozenset(frozenset(pair) for pair in never)
    for one, other in combinations(levels, 2):
        for pair in product(_choices(one, levels), _choices(other, levels)):
            if frozenset(pair) not in forbidden:
                yield pair


def pairs_in(case: Case) -> Iterator[Pair]:
    return combinations(case.items(), 2)


def _choices(name: str, levels: Levels) -> list[Choice]:
    return [(name, value) for value in levels[name]]


def _partners(pairs: Iterable[Pair]) -> defaultdict[Choice, set[Choice]]:
    found: defaultdict[Choice, set[Choice]] = defaultdict(set)
    for one, other in pairs:
        found[one].add(other)
        found[other].add(one)
    return found


def _completed(
    case: Case, names: Sequence[str], levels: Levels, never: _Partners, wanted: _Partners
) -> Case:
    """Give the next parameter the value that adds most open pairs; step back from a dead end."""
    name = next((name for name in names if name not in case), None)
    if name is None:
        return case
    chosen = case.items()
    fitting = [one for one in _choices(name, levels) if never.get(one, set()).isdisjoint(chosen)]
    fitting.sort(key=lambda one: -len(wanted[one].intersection(chosen)))
    for choice in fitting:
        found = _completed({**case, name: choice[1]}, names, levels, never, wanted)
        if found:
            return found
    return {}
