"""Bodies of requests, checked by a pydantic model."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import InvalidRequest


class Body(BaseModel):
    """A body in JSON; members that it has no field for are refused, so that none is ignored in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


Made = TypeVar("Made", bound=Body)


def parse(content: bytes, model: type[Made]) -> Made:
    """The body as `model`; raises `InvalidRequest` with every fault and the member that has it."""
    try:
        return model.model_validate_json(content)
    except ValidationError as exc:
        faults = [
            {"member": ".".join(map(str, error["loc"])) or None, "detail": error["msg"]}
            for error in exc.errors(include_url=False, include_input=False, include_context=False)
        ]
        shown = "; ".join(f"{fault['member'] or 'the body'}: {fault['detail']}" for fault in faults)
        raise InvalidRequest(f"The body is not as it should be: {shown}.", faults) from None
