"""Values: what `value` makes of a class is what `dataclass(frozen=True)` makes of it."""

from __future__ import annotations

import copy
import inspect
import pickle
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import call
from tinypytorch import Variable
from tinypytorch.compat import override
from tinypytorch.function import Spec, fields_of, value
from tinypytorch.ops.arithmetic import Add
from tinypytorch.ops.indexing import GetItem
from tinypytorch.testing import Program
from tinypytorch.testing.reduce import reduced


@value
class Empty:
    """No fields."""

    says: ClassVar[str] = "nothing"


@value
class One:
    a: object


@value
class Two:
    a: object = None
    b: object = False
    says: ClassVar[str] = "two"


@value
class Three:
    a: object
    b: object = 1.0
    c: object = ()

    def first(self) -> object:
        return self.a


@value
class Longer(Three):
    d: object = "d"
    b: object = 2.0


@value(eq=False)
class Alone:
    a: object
    b: object = None


@dataclass(frozen=True)
class EmptyTwin:
    says: ClassVar[str] = "nothing"


@dataclass(frozen=True)
class OneTwin:
    a: object


@dataclass(frozen=True)
class TwoTwin:
    a: object = None
    b: object = False
    says: ClassVar[str] = "two"


@dataclass(frozen=True)
class ThreeTwin:
    a: object
    b: object = 1.0
    c: object = ()

    def first(self) -> object:
        return self.a


@dataclass(frozen=True)
class LongerTwin(ThreeTwin):
    d: object = "d"
    b: object = 2.0


@dataclass(frozen=True, eq=False)
class AloneTwin:
    a: object
    b: object = None


PAIRS = [
    (Empty, EmptyTwin),
    (One, OneTwin),
    (Two, TwoTwin),
    (Three, ThreeTwin),
    (Longer, LongerTwin),
    (Alone, AloneTwin),
]
every_pair = pytest.mark.parametrize(("kind", "twin"), PAIRS, ids=lambda kind: str(getattr(kind, "__name__", kind)))

# Few, so that equal ones come up; 0, 0.0 and False are equal, too. No nan, whose equality to itself in a dataclass
# depends on Python's version.
contents = st.sampled_from([None, False, True, 0, 0.0, -0.0, 1, 2.5, "", "a", (), (1, "b"), (1.0, "b"), ((), None)])
arguments = st.tuples(
    st.lists(contents, max_size=5),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e", "says"]), contents, max_size=2),
)
Arguments = tuple[list[object], dict[str, object]]


def made(kind: type[object], given: Arguments) -> object:
    """An instance, or the error."""
    try:
        return call(kind, *given[0], **given[1])
    except TypeError as error:
        return error


def both(kind: type[object], twin: type[object], given: Arguments) -> Iterator[tuple[object, object]]:
    """Both instances, if there are any; else both must be errors."""
    x, t = made(kind, given), made(twin, given)
    assert isinstance(x, TypeError) == isinstance(t, TypeError), (x, t)
    if isinstance(x, TypeError):
        assert str(x).startswith(kind.__name__), x
    else:
        yield x, t


@every_pair
@given(given=arguments)
def test_the_constructor_and_repr(kind: type[object], twin: type[object], given: Arguments) -> None:
    for x, t in both(kind, twin, given):
        assert type(x) is kind
        assert vars(x) == vars(t)
        assert list(vars(x)) == list(vars(t)) == list(fields_of(kind))
        assert twin.__qualname__ + repr(x).removeprefix(kind.__qualname__) == repr(t)


@every_pair
def test_the_signature(kind: type[object], twin: type[object]) -> None:
    ours, theirs = (
        [(p.name, p.kind, p.default) for p in inspect.signature(k).parameters.values()] for k in (kind, twin)
    )
    assert ours == theirs
    assert inspect.signature(Two).parameters == inspect.signature(TwoTwin).parameters
    assert getattr(kind, "__match_args__", None) == getattr(twin, "__match_args__", None)


@every_pair
@given(one=arguments, other=arguments)
def test_equality_and_hash(kind: type[object], twin: type[object], one: Arguments, other: Arguments) -> None:
    for x, t in both(kind, twin, one):
        assert x == x
        assert x != t
        if kind is not Alone:
            assert hash(x) == hash(t)
        for y, u in both(kind, twin, other):
            assert (x == y) == (t == u)
            assert (x != y) == (t != u)
            if x == y:
                assert hash(x) == hash(y)


def test_values_of_different_classes_differ() -> None:
    class Sub(One):
        pass

    assert One(1) == One(1)
    assert One(1) != Sub(1)
    assert Sub(1) == Sub(1)
    assert repr(Sub(1)).endswith("Sub(a=1)")
    others: list[object] = [1, OneTwin(1)]
    assert One(1) not in others


def test_values_by_identity() -> None:
    x, y = Alone(1), Alone(1)
    assert x == x != y
    assert len({x, y}) == 2
    assert Alone.__hash__ is object.__hash__


@every_pair
@given(given=arguments)
def test_nothing_is_set_or_deleted(kind: type[object], twin: type[object], given: Arguments) -> None:
    for x, t in both(kind, twin, given):
        before = dict(vars(x))
        for name in (*fields_of(kind), "new"):
            for change in ("__setattr__", "__delattr__"):
                rest = ("other",) if change == "__setattr__" else ()
                with pytest.raises(FrozenInstanceError):
                    call(getattr(t, change), name, *rest)
                with pytest.raises(AttributeError, match=rf"^{kind.__name__} is immutable: {name} cannot be"):
                    call(getattr(x, change), name, *rest)
        assert vars(x) == before


@every_pair
@given(given=arguments)
def test_copies_and_pickles(kind: type[object], twin: type[object], given: Arguments) -> None:
    for x, _ in both(kind, twin, given):
        copies = [copy.copy(x), copy.deepcopy(x)]
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            copies.append(pickle.loads(pickle.dumps(x, protocol)))
        for y in copies:
            assert type(y) is kind
            assert vars(y) == vars(x)
            if kind is not Alone:
                assert x == y


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is newer")
@every_pair
@given(given=arguments, changes=arguments)
def test_replace(kind: type[object], twin: type[object], given: Arguments, changes: Arguments) -> None:
    for x, t in both(kind, twin, given):
        try:
            u: object = call(replace, t, **changes[1])
        except TypeError:
            with pytest.raises(TypeError, match=kind.__name__):
                call(getattr(copy, "replace", None), x, **changes[1])
        else:
            assert vars(call(getattr(copy, "replace", None), x, **changes[1])) == vars(u)


def test_patterns() -> None:
    match Three(1, 2):
        case Three(a, 2, ()):
            assert a == 1
        case _:
            raise AssertionError


def test_what_a_class_says_itself_stays() -> None:
    @value
    class Named:
        name: str

        @override
        def __repr__(self) -> str:
            return self.name

        @override
        def __hash__(self) -> int:
            return 7

    assert repr(Named("x")) == "x"
    assert hash(Named("x")) == 7
    assert Named("x") == Named("x")


def declared(annotations: dict[str, object], **defaults: object) -> type[object]:
    return type("Declared", (), {"__annotations__": annotations, **defaults})


@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        (declared({"a": "int", "b": "str"}, a=1), TypeError, "Declared: b has no default, but follows"),
        (declared({"a": "list[int]"}, a=[]), ValueError, r"Declared: the default of a can be changed: \[\]"),
    ],
)
def test_what_is_refused(kind: type[object], error: type[Exception], message: str) -> None:
    with pytest.raises(error):
        call(dataclass, kind)
    with pytest.raises(error, match=message):
        value(kind)


def test_annotations_that_are_no_strings() -> None:
    kind = value(declared({"a": int, "b": ClassVar[int], "c": "ClassVar[int]", "d": float | None}, b=1, c=2, d=None))
    assert fields_of(kind) == ("a", "d")
    assert repr(call(kind, 1)) == "Declared(a=1, d=None)"


def test_fields_of_others() -> None:
    assert fields_of(TwoTwin) == fields_of(int) == ()
    assert fields_of(Spec)[:2] == ("domain", "kink")


def test_what_all_values_share_is_no_field() -> None:
    x = Variable(np.array([1.0, 2.0]))
    assert (fields_of(Add), repr(Add()), Add() == Add()) == ((), "Add()", True)
    assert Add().forward(x.data, x.data).tolist() == [2.0, 4.0]
    with pytest.raises(TypeError):
        call(Add, forward=np.add)
    with pytest.raises(TypeError):
        call(Add, np.add)


@given(st.floats(), st.text())
def test_any_content(x: float, y: str) -> None:
    t = Two(x, b=y)
    assert t.a is x
    assert t.b is y
    assert repr(t) == f"Two(a={x!r}, b={y!r})"
    assert t == Two(x, y)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=6))
def test_the_reducer_knows_the_fields(index: list[int]) -> None:
    p = Program.of([np.arange(1.0, 5.0)], (GetItem(np.array(index)), 0))
    small = reduced(p, lambda q: isinstance(q.code[0].op, GetItem))
    assert small.values[-1].size == 1
