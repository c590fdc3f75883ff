"""Images in rows and columns with a label a row, at exact sizes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from depth2seg.reporting.style import WIDTH, new_figure, wrapped

LABEL, GAP, BLOCK_GAP = 1.0, 0.03, 0.12  # inches
Row = tuple[str, Sequence[np.ndarray]]


def image_grid(blocks: Sequence[Sequence[Row]], legend: Sequence[tuple[str, tuple]] = ()) -> Figure:
    """Draw rows of images.

    Args:
        blocks: groups of rows, set apart by a gap. A row is a label and its images, uint8 or [0, 1] float (H, W, 3). A
            column's width is the same in all rows; a row is as high as its images' shape asks for.
        legend: (name, RGB in [0, 1]) of each colour to explain below the images.
    """
    columns = max(len(images) for rows in blocks for _, images in rows)
    width = (WIDTH - LABEL - GAP * (columns - 1)) / columns
    heights = [[width * images[0].shape[0] / images[0].shape[1] for _, images in rows] for rows in blocks]
    per_line = 5
    footer = 0.08 + 0.135 * -(-len(legend) // per_line) if legend else 0
    total = sum(sum(h) + GAP * (len(h) - 1) for h in heights) + BLOCK_GAP * (len(blocks) - 1) + footer
    figure = new_figure(total)
    figure.set_layout_engine("none")
    top = total
    for rows, block_heights in zip(blocks, heights, strict=True):
        for (label, images), height in zip(rows, block_heights, strict=True):
            middle = (top - height / 2) / total
            figure.text((LABEL - 0.06) / WIDTH, middle, wrapped(label, 17), ha="right", va="center", fontsize=7)
            for column, image in enumerate(images):
                left = LABEL + column * (width + GAP)
                axis = figure.add_axes((left / WIDTH, (top - height) / total, width / WIDTH, height / total))
                axis.imshow(image, interpolation="nearest", aspect="auto")
                axis.set_axis_off()
            top -= height + GAP
        top += GAP - BLOCK_GAP
    if legend:
        handles = [Patch(facecolor=colour, edgecolor="#999999", linewidth=0.3, label=name) for name, colour in legend]
        figure.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1, 0),
            ncols=min(per_line, len(handles)),
            fontsize=6.5,
            handlelength=1,
            handleheight=0.8,
            columnspacing=1,
            labelspacing=0.25,
            borderaxespad=0,
            borderpad=0,
        )
    return figure
