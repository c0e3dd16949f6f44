"""What every section model shares."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A section of the YAML: closed (an unknown key is an error), frozen, its field docs kept for the reference."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


def _as_list(value: Any) -> Any:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


TableFiles = Annotated[tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
"""One CSV path or a list of them, each relative to the YAML file that writes it; the rows are joined."""

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=-0.5, le=1)]
"""A rate per year as a share: 0.05 is five per cent."""
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Year = Annotated[int, Field(ge=1990, le=2100)]
FractionalYear = Annotated[float, Field(ge=1990, le=2100)]
