"""State what every specification says before anything is run."""

from pydantic import Field, field_validator

from pipeline.ground.config import Strict


class Inquiry(Strict):
    """Name an experiment, its question, and what is expected; nothing in a list may be named twice."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    question: str
    hypothesis: str

    @field_validator("seeds", "recipes", "models", "sections", check_fields=False)
    @classmethod
    def _once_each(cls, values: tuple[str | int, ...]) -> tuple[str | int, ...]:
        if twice := sorted({str(value) for value in values if values.count(value) > 1}):
            raise ValueError(f"named twice: {', '.join(twice)}")
        return values
