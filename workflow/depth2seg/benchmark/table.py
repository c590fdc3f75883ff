"""What the benchmark found, as lines of text."""

COLUMNS = (("step", 20), ("backbone", 11), ("images/s", 10), ("plain", 8), ("ratio", 7), ("quartiles", 14))
LAST = (("without decoding", 18), ("memory, GB", 12), ("plain", 8))
LEFT = 2  # columns of words


def table(results: dict) -> str:
    """The results of ``measure.benchmark``."""
    machine, size = results["machine"], f"{results['width']} x {results['height']}, batch {results['batch']}"
    lines = [
        f"{size}, threads: {machine['threads']}, {machine['precision']}",
        _line([name for name, _ in (*COLUMNS, *LAST)]),
    ]
    for name, row in results["tasks"].items():
        speeds = [f"{row[key]:.2f}" for key in ("images_a_second", "plain_images_a_second", "ratio")]
        quartiles = " - ".join(f"{value:.2f}" for value in row["ratio_quartiles"])
        memory = [_gigabytes(row[key]) for key in ("peak_memory_mb", "plain_memory_mb")]
        lines.append(
            _line([name, row["backbone"], *speeds, quartiles, f"{row['ratio_without_decoding']:.2f}", *memory])
        )
    if "memory" in results:
        memory = results["memory"]
        peak = _gigabytes(memory["peak_memory_mb"])
        lines.append(f"memory of a {memory['step']} step of {memory['backbone']}: {peak} GB")
    return "\n".join(lines)


def _line(values: list[str]) -> str:
    widths = [width for _, width in (*COLUMNS, *LAST)]
    cells = [
        f"{value:<{width}}" if place < LEFT else f"{value:>{width}}"
        for place, (value, width) in enumerate(zip(values, widths, strict=True))
    ]
    return "".join(cells)


def _gigabytes(megabytes: float) -> str:
    return f"{megabytes / 1000:.2f}"
