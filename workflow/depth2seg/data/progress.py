"""How far a long download is, said now and then."""

import logging
import time

logger = logging.getLogger(__name__)

_EVERY = 10  # seconds


class Progress:
    """Says every few seconds how far a long download is."""

    def __init__(self, name: str):
        self.name, self.told, self.since, self.first = name, time.monotonic(), time.monotonic(), None

    def tell(self, come: int, total: int | None) -> None:
        """Say that ``come`` of ``total`` bytes are here, if the last word is a while ago."""
        now = time.monotonic()
        self.first = come if self.first is None else self.first
        if now - self.told < _EVERY:
            return
        rate = (come - self.first) / (now - self.since)
        whole = f" of {total / 1e6:.0f}" if total else ""
        left = f", {(total - come) / rate / 60:.0f} min left" if total and rate > 0 else ""
        logger.info("%s: %.0f%s MB, %.1f MB/s%s", self.name, come / 1e6, whole, rate / 1e6, left)
        self.told = now
