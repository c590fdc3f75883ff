"""Resizing of each kind of array, by hand."""

import numpy as np
import pytest
from depth2seg.data import resize


def test_image_is_the_mean_of_each_cell():
    stored = np.array([[0, 10, 100, 200], [20, 30, 100, 0]], np.uint8)[..., None].repeat(3, axis=2)
    assert resize.image(stored, (1, 2))[..., 0].tolist() == [[15, 100]]
    # Three pixels to two: each cell takes a pixel and a half.
    row = np.array([[0, 90, 30]], np.uint8)[..., None].repeat(3, axis=2)
    assert resize.image(row, (1, 2))[..., 0].tolist() == [[30, 50]]


def test_labels_take_the_pixel_at_the_cells_centre():
    stored = np.array([[1, 2, 3, 4, 5, 6]], np.uint8)
    assert resize.nearest(stored, (1, 2)).tolist() == [[2, 5]]
    assert resize.nearest(stored, (1, 3)).tolist() == [[2, 4, 6]]
    assert resize.nearest(stored[:, :2], (2, 4)).tolist() == [[1, 1, 2, 2]] * 2


@pytest.mark.parametrize("size", [(7, 11), (96, 320), (40, 50)])
def test_labels_are_never_invented(size):
    stored = np.random.default_rng(1).choice([0, 7, 255], (37, 53)).astype(np.uint8)
    result = resize.nearest(stored, size)
    assert result.shape == size
    assert set(np.unique(result)) <= {0, 7, 255}
    # Cell centres, in stored pixels, are never more than half a pixel from the pixel taken.
    where = resize.nearest(np.tile(np.arange(53), (37, 1)), size)[0]
    centres = (np.arange(size[1]) + 0.5) * 53 / size[1] - 0.5
    assert np.abs(where - centres).max() <= 0.5


def test_sparse_depth_keeps_a_value_in_each_cell_that_has_any():
    stored = np.array(
        [
            [0, 0, 0, 7, 0, 0],
            [0, 0, 5, 0, 0, 0],
            [9, 0, 0, 0, 0, 0],
        ],
        np.float32,
    )
    values, known = resize.nearest_valid(stored, stored > 0, (1, 2))
    # Left cell, centre (1, 1): 5 at distance 1, 9 at sqrt 2. Right cell: only the 7.
    assert values.tolist() == [[5, 7]]
    assert known.all()
    values, known = resize.nearest_valid(stored, stored > 0, (3, 2))
    assert values.tolist() == [[0, 7], [5, 0], [9, 0]]
    assert known.tolist() == [[False, True], [True, False], [True, False]]


def test_dense_depth_takes_the_centre():
    stored = np.arange(1, 28, dtype=np.float32).reshape(3, 9)
    values, _ = resize.nearest_valid(stored, stored > 0, (1, 3))
    assert values.tolist() == [[11, 14, 17]]
    assert (resize.nearest_valid(stored, stored > 0, (6, 18))[0] == stored.repeat(2, 0).repeat(2, 1)).all()


def test_intrinsics_keep_pointing_at_the_same_place():
    camera = np.array([600.0, 500.0, 239.5, 179.5])
    half = resize.intrinsics(camera, np.array([360, 480]), (180, 240))
    assert half.tolist() == [300, 250, 119.5, 89.5]  # the middle stays the middle: 239.5 / 2 would be 119.75
    uneven = resize.intrinsics(np.array([[60.0, 40.0, 0.0, 0.0]]), np.array([[4, 6]]), (8, 3))
    assert uneven.tolist() == [[30, 80, -0.25, 0.5]]
