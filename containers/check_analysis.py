"""The small image's test: every package imports, and a frame is rendered, stored, read and drawn."""

import importlib
import io
import os
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np

NEEDED = {
    "cv2",
    "h5py",
    "isal",
    "matplotlib",
    "mitsuba",
    "numpy",
    "pandas",
    "PIL",
    "pyarrow",
    "pydantic",
    "requests",
    "scipy",
    "yaml",
}


def main() -> None:
    """Import everything, then take one small frame the whole way; raises if something is not as it should be."""
    if not list(Path(os.environ.get("MPLCONFIGDIR", ".")).glob("fontlist*.json")):
        raise SystemExit("Matplotlib's list of fonts is not in the image")
    missing = NEEDED - set(packages_distributions())
    if missing:
        raise SystemExit(f"not installed: {', '.join(sorted(missing))}")
    for name in sorted(NEEDED):
        importlib.import_module(name)

    import mitsuba
    import pandas as pd
    from matplotlib.figure import Figure

    mitsuba.set_variant("scalar_rgb")
    scene = mitsuba.load_dict(
        {
            "type": "scene",
            "integrator": {"type": "direct"},
            "light": {"type": "constant"},
            "ball": {"type": "sphere"},
            "sensor": {
                "type": "perspective",
                "to_world": mitsuba.ScalarTransform4f().look_at([0, 0, 4], [0, 0, 0], [0, 1, 0]),
                "film": {"type": "hdrfilm", "width": 16, "height": 16},
            },
        }
    )
    frame = np.array(mitsuba.render(scene, spp=4))
    if frame.shape[:2] != (16, 16) or not np.isfinite(frame).all() or not frame.any():
        raise SystemExit("the rendered frame is empty")
    stored = io.BytesIO()
    pd.DataFrame({"value": frame[..., 0].ravel()}).to_parquet(stored)
    figure = Figure()
    figure.subplots().imshow(pd.read_parquet(stored)["value"].to_numpy().reshape(16, 16))
    figure.savefig(io.BytesIO(), format="pdf")
    print("every package imports; a frame was rendered, stored, read and drawn")


if __name__ == "__main__":
    main()
