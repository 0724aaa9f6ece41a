"""The parameters of a list of notices."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from matching.record import MAX_AGE_YEARS
from service.cases.values import Country, Line, wrong_field

NameQuery = Annotated[Line, StringConstraints(max_length=100)]


class NoticeQuery(BaseModel):
    """Query parameters; names are matched across spellings, never as patterns."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    forename: NameQuery = ""
    name: NameQuery = ""
    free_text: NameQuery = Field(default="", alias="freeText")
    nationality: Country | None = None
    age_min: int | None = Field(default=None, alias="ageMin", ge=0, le=MAX_AGE_YEARS)
    age_max: int | None = Field(default=None, alias="ageMax", ge=0, le=MAX_AGE_YEARS)
    sex_id: Literal["", "F", "M", "U"] = Field(default="", alias="sexId")
    page: int = Field(default=1, ge=1)
    result_per_page: int = Field(default=20, alias="resultPerPage", ge=1, le=160)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.age_min is not None and self.age_max is not None and self.age_min > self.age_max:
            raise wrong_field("ageMin", "lies above ageMax")
        return self

    def text(self) -> str:
        """All that is asked by name."""
        return " ".join(part for part in (self.forename, self.name, self.free_text) if part)
