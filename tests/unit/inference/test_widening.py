"""Widening: the order of values does not matter, and no type is narrowed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.column_types import MAX_DIGITS, Kind
from shared.formats.null_spellings import NULL_SPELLINGS
from shared.inference.contract_builder import build_contract
from shared.inference.table_columns import TableColumn
from shared.inference.widening import TEXT_TYPE, UNKNOWN_TYPE, Type, widen
from tests.unit.inference.inferred_columns import CELLS, infer_one

plain = [kind for kind in Kind if kind not in {Kind.BIGINT, Kind.NUMERIC, Kind.DOUBLE}]
sizes = st.tuples(st.integers(1, MAX_DIGITS), st.integers(0, MAX_DIGITS)).filter(
    lambda size: sum(size) <= MAX_DIGITS
)
types = st.one_of(
    st.sampled_from(plain).map(Type),
    st.builds(
        lambda whole, as_double: Type(Kind.BIGINT, whole, 0, as_double), st.integers(1, 19), st.booleans()
    ),
    st.builds(lambda size, as_double: Type(Kind.NUMERIC, size[0], size[1], as_double), sizes, st.booleans()),
    st.builds(lambda size: Type(Kind.DOUBLE, *size), sizes),
)
cells = st.sampled_from(sorted(CELLS)).flatmap(CELLS.__getitem__)

CHAINS = [
    (Kind.BIGINT, Kind.NUMERIC, Kind.TEXT),
    (Kind.BIGINT, Kind.DOUBLE, Kind.TEXT),
    (Kind.DATE, Kind.TIMESTAMP, Kind.TEXT),
]


@settings(deadline=None)
@given(types, types, types)
def test_widening_is_associative(one: Type, two: Type, three: Type) -> None:
    assert widen(widen(one, two), three) == widen(one, widen(two, three))


@settings(deadline=None)
@given(types, types)
def test_widening_is_commutative_and_never_narrows(one: Type, two: Type) -> None:
    wide = widen(one, two)
    assert wide == widen(two, one)
    assert widen(wide, one) == widen(wide, two) == wide


@settings(deadline=None)
@given(types)
def test_widening_is_idempotent(one: Type) -> None:
    assert widen(one, one) == widen(one, UNKNOWN_TYPE) == one
    assert widen(one, TEXT_TYPE) == TEXT_TYPE


@pytest.mark.parametrize("chain", CHAINS)
def test_a_type_widens_to_the_later_types_of_its_chain(chain: tuple[Kind, ...]) -> None:
    for place, kind in enumerate(chain):
        for higher in chain[place:]:
            assert widen(Type(kind, 1), Type(higher, 1)).kind is higher


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Kind.BOOLEAN, Kind.BIGINT),
        (Kind.BIGINT, Kind.DATE),
        (Kind.DATE, Kind.TIMESTAMPTZ),
        (Kind.TIMESTAMP, Kind.TIMESTAMPTZ),
    ],
)
def test_types_without_a_common_wider_type_become_text(one: Kind, other: Kind) -> None:
    assert widen(Type(one, 1), Type(other, 1)) == TEXT_TYPE


def test_numbers_that_need_more_than_38_digits_together_become_text() -> None:
    assert widen(Type(Kind.NUMERIC, 30, 0), Type(Kind.NUMERIC, 1, 9)) == TEXT_TYPE
    assert widen(Type(Kind.NUMERIC, 30, 0), Type(Kind.NUMERIC, 1, 8)) == Type(Kind.NUMERIC, 30, 8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells.filter(lambda cell: cell not in NULL_SPELLINGS), types)
def test_every_wider_type_accepts_the_value(cell: str, other: Type) -> None:
    wide = widen(infer_one([cell]).seen, other)
    contract = build_contract("wide", [TableColumn("it", wide, nullable=False)])
    contract.model_validate({"it": cell})
