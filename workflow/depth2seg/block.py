"""What all blocks of the config share: the kinds of value, and what a block is."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from depth2seg.models.families import FAMILIES

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9+-]*$")]  # names become folders and wildcards
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
# At stride 32, reflection padding needs two pixels.
Size = Annotated[list[Annotated[int, Field(ge=64, multiple_of=32)]], Field(min_length=2, max_length=2)]
CropSize = Annotated[list[Annotated[int, Field(ge=32, multiple_of=32)]], Field(min_length=2, max_length=2)]
FrameSize = Annotated[list[Annotated[int, Field(ge=16)]], Field(min_length=2, max_length=2)]
Backbone = Literal[tuple(FAMILIES)]
Protocol = Literal["corrected", "released"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")]
WholeDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Block(BaseModel):
    """A block of the config: strict types, no unknown keys, unchangeable once read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
