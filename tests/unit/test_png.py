"""PNG files wrapped anew: the same pixels of every kind of image, and nothing taken for sound that is not."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from depth2seg.data import decode, png
from depth2seg.errors import UserError
from PIL import Image

SHAPES = {"grey": (37, 53), "colour": (37, 53, 3), "alpha": (37, 53, 4), "large": (300, 400, 3)}


def encoded(shape, dtype=np.uint8, level=4):
    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, SHAPES[shape], dtype, endpoint=True)
    return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, level])[1].tobytes()


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level", [0, 1, 9])
def test_the_pixels_are_the_same(shape, dtype, level):
    before = encoded(shape, dtype, level)
    after = png.quick(before)
    assert after != before
    np.testing.assert_array_equal(decoded(after), decoded(before))


def test_palettes_and_what_stands_beside_the_data_are_kept(tmp_path):
    labels = np.random.default_rng(1).integers(0, 9, (20, 31), np.uint8)
    opened = Image.fromarray(labels).convert("P")
    opened.putdata(labels.reshape(-1).tolist())
    opened.putpalette([value for i in range(256) for value in (255 - i, i, 0)])
    opened.save(tmp_path / "labels.png", bits=4, dpi=(72, 72))
    before = (tmp_path / "labels.png").read_bytes()
    after = png.quick(before)
    assert after != before
    np.testing.assert_array_equal(decoded(after), decoded(before))
    (tmp_path / "after.png").write_bytes(after)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "after.png")), labels)


def spoilt(data, place, change=1):
    return data[:place] + bytes([data[place] ^ change]) + data[place + 1 :]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-20],
        lambda data: data[: len(data) // 2],
        lambda data: spoilt(data, len(data) // 2),  # in the data: their checksum
        lambda data: spoilt(data, 19),  # the width: another length
        lambda data: data.replace(b"IDAT", b"IDAX"),
        lambda data: b"",
        lambda data: b"\x89PNG\r\n\x1a\n",
        lambda data: b"<html>",
    ],
)
def test_what_is_not_sound_is_left_to_the_decoder(change):
    data = change(encoded("large"))
    assert png.quick(data) == data


def test_a_header_that_lies_costs_no_memory():
    header = struct.pack(">IIBBBBB", 10, 10, 8, 0, 0, 0, 0)
    bomb = zlib.compress(bytes(50_000_000))
    data = png.SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", bomb) + chunk(b"IEND", b"")
    assert png.quick(data) == data


def test_interlaced_images_are_left_to_the_decoder(tmp_path):
    data = bytearray(encoded("grey"))
    data[28] = 1
    assert png.quick(bytes(data)) == bytes(data)


def test_a_damaged_file_is_still_named(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded("large")[:-50])
    with pytest.raises(UserError, match=r"cannot decode .*a\.png"):
        decode.image(tmp_path / "a.png")
