"""What packing depends on beside the frames, and how a command is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from depth2seg.data.packing import ARRAYS, DEFAULT_ARRAYS
from depth2seg.errors import UserError


@dataclass(frozen=True)
class Settings:
    """What packing depends on beside the frames.

    Attributes:
        size: height and width of the packed frames.
        classes: name of the class table of the label images; None where a data set has none.
        columns: the columns to pack beside the image, of those that the data set has.
        dataset: the data set's name, for the record.
        splits: the splits to pack; None for all.
        windows: the part of the stored images that a split's frames keep: first and end row, first and end column.
    """

    size: tuple[int, int]
    classes: str | None = None
    columns: tuple[str, ...] = DEFAULT_ARRAYS
    dataset: str = ""
    splits: tuple[str, ...] | None = None
    windows: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, settings: Mapping) -> "Settings":
        """Check settings as a command gets them."""
        unknown = set(settings) - {"size", "classes", "columns", "dataset", "splits", "windows"}
        if unknown:
            raise UserError(f"pack settings: unknown keys {', '.join(sorted(unknown))}")
        size = settings.get("size")
        if not (isinstance(size, list) and len(size) == 2 and all(type(n) is int and n > 0 for n in size)):
            raise UserError(f"pack settings: size is {size!r}, expected [height, width] in pixels")
        columns = tuple(settings.get("columns") or DEFAULT_ARRAYS)
        if wrong := set(columns) - set(ARRAYS):
            raise UserError(f"pack settings: columns {', '.join(sorted(wrong))} are not among {', '.join(ARRAYS)}")
        splits = settings.get("splits")
        return cls(
            size=tuple(size),
            classes=settings.get("classes"),
            columns=columns,
            dataset=settings.get("dataset") or "",
            splits=tuple(splits) if splits else None,
            windows={split: tuple(window) for split, window in (settings.get("windows") or {}).items()},
        )
