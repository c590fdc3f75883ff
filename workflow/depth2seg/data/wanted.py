"""What a file should be, as far as that is known before it is here."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """What a download has to come to; what is None is not known and not checked.

    Attributes:
        origin: who says so.
        otherwise: what a person can do if the file that comes is right and ``origin`` is not, as a clause.
        room: how many times its size has to be free before it begins; 0: that was looked at before.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    origin: str = "this workflow"
    otherwise: str = ""
    room: int = 0

    @property
    def verifiable(self) -> bool:
        """Whether there is a checksum."""
        return bool(self.sha256 or self.md5)

    @property
    def way_out(self) -> str:
        """``otherwise`` as the end of a message; empty if there is nothing to do."""
        return f"; {self.otherwise}" if self.otherwise else ""

    def fits(self, path: Path) -> bool:
        """Whether a complete file is the wanted one, as far as that is known."""
        if self.size is not None and path.stat().st_size != self.size:
            return False
        for kind in ("sha256", "md5"):
            expected = getattr(self, kind)
            if expected:
                with path.open("rb") as file:
                    if not hashlib.file_digest(file, kind).hexdigest().startswith(expected):
                        return False
        return True

    def __str__(self) -> str:
        known = [f"{self.size} bytes" if self.size is not None else ""]
        known += [f"{kind} {getattr(self, kind)}" for kind in ("sha256", "md5") if getattr(self, kind)]
        return f"{self.name}, {', '.join(filter(None, known)) or 'size and checksum unknown'}"
