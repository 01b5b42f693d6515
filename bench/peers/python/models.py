"""The fields of an item as Pydantic models, for the peers that validate with it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

Tag = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=50)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=255)]
Value = Annotated[str, StringConstraints(strict=True, max_length=200)]
SYSTEM = ("id", "version", "created_at", "updated_at")


class Fields(BaseModel):
    """A merge patch: any fields, null to remove one."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)] = ""
    description: Annotated[str, StringConstraints(strict=True, max_length=2000)] | None = None
    quantity: Annotated[int, Field(strict=True, ge=0, le=9007199254740991)] | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] | None = None
    attributes: Annotated[dict[Name, Value], Field(max_length=50)] | None = None

    @model_validator(mode="before")
    @classmethod
    def sent(cls, body):
        """Ignore what the service sets, so that an item that was read can be put back."""
        return {name: value for name, value in body.items() if name not in SYSTEM} if isinstance(body, dict) else body

    @field_validator("tags")
    @classmethod
    def unique(cls, tags):
        if tags and len(set(tags)) != len(tags):
            raise ValueError("must be different")
        return tags


class Content(Fields):
    """A whole content: null is no value of a field."""

    name: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
    description: Annotated[str, StringConstraints(strict=True, max_length=2000)] = ""
    quantity: Annotated[int, Field(strict=True, ge=0, le=9007199254740991)] = 0
    tags: Annotated[list[Tag], Field(max_length=20)] = []
    attributes: Annotated[dict[Name, Value], Field(max_length=50)] = {}


def valid(model, body):
    """Return the fields that a body has. Raise pydantic.ValidationError."""
    return model.model_validate(body).model_dump(exclude_unset=True)


def faults_of(error):
    """Return a pydantic.ValidationError as the API lists faults."""
    return [
        {"pointer": "".join(f"/{part}" for part in fault["loc"]), "detail": fault["msg"]} for fault in error.errors()
    ]
