"""Pytrees: flattening, rebuilding, mapping."""

from dataclasses import dataclass
from typing import NamedTuple

import pytest

from adjoint.ir.tree import Tree, build_object, describe, flatten_object, leaves, map_leaves, path_text


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class State:
    u: float
    at: Point

    def __post_init__(self):
        if self.u < 0:
            raise ValueError("negative")


OBJECT = {"w": [1.0, (2.0, 3.0)], "s": State(4.0, Point(5.0, 6.0)), "none": ()}


def test_objects_survive_the_round_trip():
    tree = flatten_object(OBJECT)
    assert leaves(tree) == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert build_object(tree) == OBJECT


def test_dataclasses_are_rebuilt_without_their_init():
    built = build_object(map_leaves(lambda x: -x, flatten_object(OBJECT)))
    assert built["s"] == build_object(Tree("dataclass", State, ("u", "at"), (-4.0, Point(-5.0, -6.0))))


def test_paths_and_descriptions():
    tree = flatten_object(OBJECT)
    assert path_text("p", tree)[:2] == ["p['w'][0]", "p['w'][1][0]"]
    assert path_text("p", tree)[-1] == "p['s'].at.y"
    assert describe(tree) == "{'w': [*, (*, *)], 's': State(u=*, at=Point(x=*, y=*)), 'none': ()}"


def test_mapping_checks_the_structure():
    with pytest.raises(ValueError, match="another structure"):
        map_leaves(lambda a, b: a, flatten_object((1, 2)), flatten_object([1, 2]))
