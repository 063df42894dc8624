"""Changes of an inferred dataset's table: their names in the ledger, and the statement that makes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from psycopg2 import sql

from shared.datasets import rendering
from shared.inference.kinds import Kind
from shared.inference.table import TableColumn


class Action(StrEnum):
    """What is done to a column; nothing else ever is."""

    ADD = "added"
    WIDEN = "widened"
    ALLOW_MISSING = "made nullable"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one column: as it was (`None` where it is new) and as it becomes."""

    action: Action
    before: TableColumn | None
    after: TableColumn

    def as_json(self) -> dict[str, str]:
        """The change for the ledger: `{"column", "change", "type"}`, and `from`, the narrower type."""
        described = {"column": self.after.name, "change": str(self.action), "type": str(self.after.type)}
        if self.action is Action.WIDEN and self.before is not None:
            described["from"] = str(self.before.type)
        return described


def changes(before: Sequence[TableColumn], after: Sequence[TableColumn]) -> list[Change]:
    """What makes a table with columns `before` one with columns `after`, which they have grown to.

    More digits of a number are none: the table's column has no limit.
    """
    known = {column.name: column for column in before}
    found: list[Change] = []
    for column in after:
        old = known.get(column.name)
        if old is None:
            found.append(Change(Action.ADD, None, column))
            continue
        if old.type.kind is not column.type.kind:
            found.append(Change(Action.WIDEN, old, column))
        if column.nullable and not old.nullable:
            found.append(Change(Action.ALLOW_MISSING, old, column))
    return found


def alter(table: sql.Identifier, wanted: Sequence[Change], key: Collection[str] = ()) -> sql.Composed:
    """One `ALTER TABLE` that makes all of the `wanted` changes, at least one, in one pass over the rows."""
    actions = sql.SQL(", ").join(_action(change, change.after.name in key) for change in wanted)
    return sql.SQL("alter table {} {}").format(table, actions)


def _action(change: Change, is_key: bool) -> sql.Composed:
    name = sql.Identifier(change.after.name)
    if change.action is Action.ALLOW_MISSING:
        return sql.SQL("alter column {} drop not null").format(name)
    kind = sql.SQL(_type(change.after, is_key))
    if change.before is None:
        return sql.SQL("add column {} {}").format(name, kind)
    # Only text is not cast: its form is ours, not the session's.
    is_text = change.after.type.kind is Kind.TEXT
    values = rendering.as_text(change.before) if is_text else sql.SQL("{}::{}").format(name, kind)
    return sql.SQL("alter column {} type {} using {}").format(name, kind, values)


def _type(column: TableColumn, is_key: bool) -> str:
    # As `tables.dataset` makes it: a key is in the order of its bytes.
    is_text = column.type.kind is Kind.TEXT
    return 'text collate "C"' if is_key and is_text else str(column.type.kind)
