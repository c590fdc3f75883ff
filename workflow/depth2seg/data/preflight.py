"""Preflight: what is wrong with a published data set's folder, all of it in one message.

A look that takes seconds to minutes and no decoding of every image: layout, counts, a sample of image sizes and label
values, calibration. What only a full look finds (a damaged image in the middle of a drive) packing finds, by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from depth2seg.data.classes import class_table
from depth2seg.errors import UserError

SAMPLE = 200  # label images that are decoded
_SHOWN = 3


class Findings:
    """Collects problems and facts about one folder.

    Attributes:
        root: the data set's folder.
        problems: one line each: what is wrong, where, what to do.
        facts: what was counted, for the report.
    """

    def __init__(self, root: Path):
        self.root = Path(root)
        self.problems: list[str] = []
        self.facts: dict[str, object] = {}

    def lacks(self, names: Sequence[object], total: int, what: str, remedy: str) -> None:
        """A problem if anything is in ``names``: so many of ``total`` are missing."""
        if names:
            shown = ", ".join(str(name) for name in names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
            self.problems.append(f"{len(names)} of {total} {what} missing ({shown}): {remedy}")

    def expect(self, holds: bool, problem: str) -> None:
        """A problem unless something holds."""
        if not holds:
            self.problems.append(problem)

    def attempt(self, look: object, *arguments: object) -> object:
        """The result of a look; if that ends with a message to a person, that is a problem, and None comes back."""
        try:
            return look(*arguments)
        except UserError as error:
            self.problems.append(str(error))
            return None

    def sizes(self, paths: Iterable[Path], wanted: tuple[int, int] | None = None) -> tuple[int, int] | None:
        """Look at the headers of some images, which must agree in size; height and width of the first."""
        for path in paths:
            found = self.attempt(image_size, path)
            wanted = wanted or found
            if found and found != wanted:
                self.problems.append(f"{path} is {times(found)}, {times(wanted)} is expected: extract its archive anew")
        return wanted

    def labels(self, paths: Sequence[Path], classes: str) -> None:
        """Decode a sample of the label images, spread evenly, and hold their values against the class table."""
        from depth2seg.data import decode

        table, step = class_table(classes), max(1, -(-len(paths) // SAMPLE))
        for path in paths[::step]:
            values = self.attempt(decode.labels, path)
            if values is not None:
                self.attempt(table.check, values, path)
        self.facts["label_images"] = len(paths)
        self.facts["label_images_decoded"] = len(paths[::step])

    def camera(self, camera: Mapping[str, float], size: tuple[int, int], file: Path) -> None:
        """A camera must look along the middle of its image, and a stereo pair be neither joined nor metres apart."""
        height, width = size
        plausible = {
            "fx": 0.3 < camera["fx"] / width < 3,
            "fy": 0.8 < camera["fy"] / camera["fx"] < 1.25,
            "cx": 0.3 < camera["cx"] / width < 0.7,
            "cy": 0.3 < camera["cy"] / height < 0.7,
            "baseline": 0.05 < camera.get("baseline", 0.5) < 2,
        }
        wrong = ", ".join(f"{name} {camera[name]:g}" for name, holds in plausible.items() if not holds)
        self.expect(not wrong, f"{file}: {wrong} cannot be of a camera with images of {times(size)}; extract it anew")

    def report(self, source: str) -> dict:
        """The facts, if there are no problems.

        Raises:
            UserError: with all problems.
        """
        if self.problems:
            lines = "\n".join(f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1))
            raise UserError(f"{self.root} is not ready as the data set '{source}':\n{lines}")
        return {"source": source, **self.facts}


def image_size(path: Path) -> tuple[int, int]:
    """Height and width of an image, from its header alone; UserError if it is missing or none."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            return opened.size[::-1]
    except (FileNotFoundError, UnidentifiedImageError) as error:
        raise UserError(f"{path} is missing or no image: extract the archive that it comes from anew") from error


def spread(paths: Sequence[Path]) -> list[Path]:
    """The first, the middle and the last."""
    return [paths[place] for place in sorted({0, len(paths) // 2, len(paths) - 1})] if paths else []


def times(size: tuple[int, int]) -> str:
    """A size, for people."""
    return f"{size[1]} x {size[0]} (width x height)"
