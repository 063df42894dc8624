"""`sales`, the contract that ships with the project: order lines of a shop."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.base import BigInt, Contract, Timestamp

_Money = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]


class Sales(Contract):
    """One line of one order. An order has several lines, so the key is its number and the line number."""

    dataset: ClassVar[str] = "sales"
    key: ClassVar[tuple[str, ...]] = ("sales_order_number", "sales_order_line_number")

    sales_order_number: Annotated[str, Field(min_length=1, max_length=50)]
    sales_order_line_number: Annotated[BigInt, Field(ge=1)]
    order_date: Timestamp
    customer_name: Annotated[str, Field(min_length=1, max_length=200)]
    email_address: Annotated[str, Field(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")]
    item: Annotated[str, Field(min_length=1, max_length=200)]
    quantity: Annotated[BigInt, Field(ge=1)]
    unit_price: _Money
    tax_amount: _Money
