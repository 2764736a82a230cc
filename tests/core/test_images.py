"""Every picture a stranger may bring: read rightly, or refused with one sentence that says why."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from core import images
from core.errors import UserError

# Pillow grumbles about scrambled files and large headers; here only the outcome counts.
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning:PIL.TiffImagePlugin", "ignore::PIL.Image.DecompressionBombWarning"
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def quadrants():
    """A 24 x 16 picture (width x height): red, green over blue, white."""
    picture = np.zeros((16, 24, 3), np.uint8)
    picture[:8, :12], picture[:8, 12:], picture[8:, :12], picture[8:, 12:] = RED, GREEN, BLUE, WHITE
    return picture


def file_of(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format=format, **options)
    return stream.getvalue()


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of_size(width, height):
    """A PNG whose header promises `width` x `height` and whose data holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(bytes(1000)))
        + png_chunk(b"IEND", b"")
    )


def refused(source):
    """The sentence with which `source` is refused."""
    with pytest.raises(images.ImageError) as refusal:
        images.decode(source)
    sentence = str(refusal.value)
    assert sentence.endswith(".") and "\n" not in sentence and "Traceback" not in sentence
    return sentence


# Accepted formats


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "GIF"])
def test_lossless_formats_come_back_exactly(quadrants, format):
    decoded = images.decode(file_of(Image.fromarray(quadrants), format))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, quadrants)


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_lossy_formats_come_back_nearly(quadrants, format):
    big = images.resize(quadrants, 240, 160)
    decoded = images.decode(file_of(Image.fromarray(big), format, quality=95))
    assert decoded.shape == (160, 240, 3)
    assert np.abs(decoded.astype(int) - big)[20:60, 20:100].mean() < 6


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressed_tiff_is_read(quadrants, compression):
    decoded = images.decode(file_of(Image.fromarray(quadrants), "TIFF", compression=compression))
    assert np.abs(decoded.astype(int) - quadrants).mean() < 12


def test_first_frame_of_an_animated_gif(quadrants):
    frames = [Image.new("RGB", (24, 16), colour) for colour in (BLUE, GREEN)]
    data = file_of(Image.fromarray(quadrants), "GIF", save_all=True, append_images=frames)
    np.testing.assert_array_equal(images.decode(data), quadrants)


def test_first_frame_of_an_animated_webp(quadrants):
    frames = [Image.new("RGB", (24, 16), GREEN)]
    data = file_of(Image.fromarray(quadrants), "WEBP", save_all=True, append_images=frames, lossless=True)
    np.testing.assert_array_equal(images.decode(data), quadrants)


def test_path_text_path_bytes_and_open_file_are_the_same(quadrants, tmp_path):
    path = tmp_path / "a picture.png"
    path.write_bytes(file_of(Image.fromarray(quadrants), "PNG"))
    stream = io.BytesIO(path.read_bytes())
    stream.seek(7)  # as a page leaves an upload that it has looked at before
    for source in (path, str(path), path.read_bytes(), stream):
        np.testing.assert_array_equal(images.decode(source), quadrants)
    assert not stream.closed
    np.testing.assert_array_equal(images.decode(stream), quadrants)


def test_suffix_does_not_matter(quadrants, tmp_path):
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(file_of(Image.fromarray(quadrants), "PNG"))
    np.testing.assert_array_equal(images.decode(path), quadrants)


# Orientation


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(quadrants, format, orientation):
    upright = np.kron(quadrants, np.ones((4, 4, 1), np.uint8))
    # How the sensor's rows and columns lie when the picture has this orientation (EXIF 2.3, tag 0x0112).
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    data = file_of(Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif, **options)
    decoded = images.decode(data)
    assert decoded.shape == upright.shape
    assert np.abs(decoded.astype(int) - upright).mean() < 8


def test_meaningless_orientation_is_passed_over(quadrants):
    exif = Image.Exif()
    exif[0x0112] = 77
    np.testing.assert_array_equal(images.decode(file_of(Image.fromarray(quadrants), "PNG", exif=exif)), quadrants)


def test_damaged_exif_does_not_cost_the_picture(quadrants):
    data = file_of(Image.fromarray(quadrants), "JPEG", exif=b"Exif\0\0MM\0*" + b"\xff" * 40)
    assert images.decode(data).shape == quadrants.shape


def test_very_large_exif_and_comments_are_read_past(quadrants):
    jpeg = file_of(Image.fromarray(quadrants), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0" + bytes(65_000))
    comment = b"\xff\xfe\xff\xff" + bytes(65_533)
    assert images.decode(jpeg[:2] + comment * 40 + jpeg[2:]).shape == quadrants.shape


def test_colour_profile_that_unpacks_without_end_is_refused_or_passed_over(quadrants):
    png = file_of(Image.fromarray(quadrants), "PNG")
    bomb = png_chunk(b"iCCP", b"bomb\0\0" + zlib.compress(bytes(50_000_000)))
    tracemalloc.start()
    try:
        sentence = refused(png[:33] + bomb + png[33:])
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert "PNG" in sentence


# Transparency


def test_alpha_is_flattened_on_white():
    rgba = np.zeros((16, 16, 4), np.uint8)
    rgba[..., 3] = 0
    rgba[:8] = (0, 0, 0, 128)
    for format in ("PNG", "TIFF"):
        decoded = images.decode(file_of(Image.fromarray(rgba), format))
        assert decoded[12, 12].tolist() == [255, 255, 255]
        assert decoded[2, 2].tolist() == pytest.approx([127, 127, 127], abs=1)


def test_transparent_webp_is_flattened_on_white():
    decoded = images.decode(file_of(Image.new("RGBA", (16, 16), (255, 0, 0, 0)), "WEBP", lossless=True))
    assert (decoded == 255).all()


def test_grey_with_alpha_is_flattened_on_white():
    decoded = images.decode(file_of(Image.new("LA", (16, 16), (0, 0)), "PNG"))
    assert (decoded == 255).all()


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_palette_with_a_transparent_colour(format):
    image = Image.new("P", (16, 16), 1)
    image.putpalette([10, 20, 30, 200, 100, 50] + [0] * 750)
    image.paste(0, (0, 0, 8, 16))
    decoded = images.decode(file_of(image, format, transparency=0))
    assert decoded[3, 3].tolist() == [255, 255, 255]
    assert decoded[3, 12].tolist() == [200, 100, 50]


def test_palette_with_half_transparent_colours():
    image = Image.new("P", (16, 16), 1)
    image.putpalette([10, 20, 30, 0, 0, 0] + [0] * 750)
    decoded = images.decode(file_of(image, "PNG", transparency=bytes([255, 51])))
    assert decoded[3, 3].tolist() == pytest.approx([204, 204, 204], abs=1)


def test_one_transparent_colour_of_an_rgb_png(quadrants):
    decoded = images.decode(file_of(Image.fromarray(quadrants), "PNG", transparency=RED))
    assert decoded[2, 2].tolist() == [255, 255, 255]
    assert decoded[2, 20].tolist() == list(GREEN)


# Colours


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "BMP", "GIF"])
def test_greyscale_becomes_three_equal_channels(format):
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (16, 1))
    decoded = images.decode(file_of(Image.fromarray(ramp), format))
    assert decoded.shape == (16, 32, 3)
    assert (decoded == decoded[..., :1]).all()
    assert np.abs(decoded[..., 0].astype(int) - ramp).max() <= 3


def test_black_and_white_pictures():
    image = Image.new("1", (16, 16), 1)
    image.paste(0, (0, 0, 8, 16))
    for format in ("PNG", "TIFF", "BMP"):
        decoded = images.decode(file_of(image, format))
        assert decoded[3, 3].tolist() == [0, 0, 0] and decoded[3, 12].tolist() == [255, 255, 255]


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_is_converted(format):
    decoded = images.decode(file_of(Image.new("CMYK", (16, 16), (255, 255, 0, 0)), format))  # cyan + magenta
    red, green, blue = decoded[8, 8].astype(int)
    assert blue > 200 and red < 60 and green < 60


def test_cmyk_with_an_unusable_profile_is_converted_all_the_same():
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    decoded = images.decode(file_of(image, "JPEG", icc_profile=b"not a profile" * 50))
    assert decoded[8, 8, 0] > 200 and decoded[8, 8, 1:].max() < 60


def test_profile_of_another_colour_model_is_passed_over(quadrants):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    data = file_of(Image.fromarray(quadrants), "PNG", icc_profile=lab)
    np.testing.assert_array_equal(images.decode(data), quadrants)


def test_srgb_profile_changes_nothing(quadrants):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    decoded = images.decode(file_of(Image.fromarray(quadrants), "PNG", icc_profile=srgb))
    assert np.abs(decoded.astype(int) - quadrants).max() <= 1


def test_sixteen_bit_png_is_scaled_not_clipped():
    deep = np.tile(np.linspace(0, 65535, 32).astype(np.uint16), (16, 1))
    decoded = images.decode(file_of(Image.fromarray(deep), "PNG"))
    np.testing.assert_array_equal(decoded[..., 0], np.rint(deep / 257))
    assert (decoded == decoded[..., :1]).all()


def test_dark_sixteen_bit_png_stays_dark():
    deep = np.full((16, 16), 257 * 20, np.uint16)
    assert (images.decode(file_of(Image.fromarray(deep), "PNG")) == 20).all()


def test_transparent_grey_of_a_sixteen_bit_png_is_white():
    deep = np.full((16, 16), 257 * 20, np.uint16)
    deep[:8] = 257 * 30
    png = file_of(Image.fromarray(deep), "PNG")
    decoded = images.decode(png[:33] + png_chunk(b"tRNS", struct.pack(">H", 257 * 20)) + png[33:])
    assert (decoded[:8] == 30).all() and (decoded[8:] == 255).all()


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bit_tiff_of_either_byte_order(order):
    deep = np.tile(np.linspace(0, 65535, 32).astype(np.uint16), (16, 1))
    mode = "I;16" if order == "<u2" else "I;16B"
    image = Image.frombytes(mode, (32, 16), deep.astype(order).tobytes())
    np.testing.assert_array_equal(images.decode(file_of(image, "TIFF"))[..., 0], np.rint(deep / 257))


def test_sixteen_bit_colour_png(quadrants):
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in quadrants.astype(np.uint16) * 257)
    header = struct.pack(">IIBBBBB", 24, 16, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows))
    np.testing.assert_array_equal(images.decode(data + png_chunk(b"IEND", b"")), quadrants)


def test_32_bit_integers_are_stretched_to_the_whole_range():
    deep = np.tile(np.linspace(-1000, 70_000, 32).astype(np.int32), (16, 1))
    decoded = images.decode(file_of(Image.fromarray(deep), "TIFF"))
    assert decoded[0, 0, 0] == 0 and decoded[0, -1, 0] == 255
    assert (np.diff(decoded[0, :, 0].astype(int)) > 0).all()


def test_float_tiff_in_unit_range_keeps_its_scale_and_survives_nan():
    deep = np.full((16, 16), 0.5, np.float32)
    deep[0, 0] = np.nan
    decoded = images.decode(file_of(Image.fromarray(deep), "TIFF"))
    assert decoded[8, 8].tolist() == [128, 128, 128] and decoded[0, 0].tolist() == [0, 0, 0]


def test_lab_tiff_is_converted():
    image = Image.frombytes("LAB", (16, 16), bytes([255, 0, 0]) * 256)  # L = 100, a = b = 0
    assert images.decode(file_of(image, "TIFF")).min() > 245


# Refusals


def test_zero_bytes(tmp_path):
    path = tmp_path / "nothing.png"
    path.touch()
    assert "nothing.png is empty (0 bytes)" in refused(path)
    assert "empty (0 bytes)" in refused(b"")


@pytest.mark.parametrize(
    "text",
    [
        "hello, I am a picture, honestly",
        "BMW is a car maker",
        "ünïcödé " * 100,
        "a,b\n1,2\n",
        "<html></html>",
    ],
)
def test_text_renamed_jpg(tmp_path, text):
    path = tmp_path / "notes.jpg"
    path.write_text(text, encoding="utf-8")
    sentence = refused(path)
    assert "notes.jpg is text, not a picture" in sentence and "JPEG" in sentence


def test_noise_is_refused():
    assert "not a picture of a known kind" in refused(bytes(range(128, 256)) * 8)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_truncated_files(format, kept):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = file_of(Image.fromarray(noise), format)
    sentence = refused(data[: max(16, int(len(data) * kept))])
    assert "damaged or cut short" in sentence and format in sentence


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_scrambled_files_are_read_or_refused_but_never_crash(quadrants, format):
    data = np.frombuffer(file_of(Image.fromarray(quadrants), format), np.uint8)
    rng = np.random.default_rng(1)
    for _ in range(60):
        scrambled = data.copy()
        scrambled[rng.integers(8, len(data), 6)] = rng.integers(0, 256, 6)
        try:
            picture = images.decode(scrambled.tobytes())
        except images.ImageError:
            continue
        assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3


@pytest.mark.parametrize(("width", "height"), [(7, 100), (100, 7), (1, 1)])
def test_under_eight_pixels(width, height):
    sentence = refused(file_of(Image.new("RGB", (width, height)), "PNG"))
    assert f"{width} x {height} px" in sentence and "at least 8 px" in sentence


def test_eight_pixels_are_enough():
    assert images.decode(file_of(Image.new("RGB", (8, 8)), "PNG")).shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("width", "height"), [(8000, 5001), (10_000, 10_000), (60_000, 60_000), (2_000_000_000, 2_000_000_000)]
)
def test_over_forty_megapixels_is_refused_from_the_header(width, height):
    tracemalloc.start()
    try:
        sentence = refused(png_of_size(width, height))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert "over 40 megapixels" in sentence


def test_size_of_a_refused_picture_is_told():
    assert "8000 x 5001 px" in refused(png_of_size(8000, 5001))


def test_exactly_forty_megapixels_passes_the_header():
    assert "damaged or cut short" in refused(png_of_size(8000, 5000))  # refused for its missing data, not its size


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "a PDF document"),
        (b"8BPS\0\1" + bytes(20), "a Photoshop document"),
        (b"\0\0\1\0\1\0\x10\x10" + bytes(20), "an icon"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "a HEIC picture"),
        (b"\0\0\0\x18ftypmif1" + bytes(20), "a HEIC picture"),
        (b"\0\0\0\x1cftypavif" + bytes(20), "an AVIF picture"),
        (b"\0\0\0\x18ftypisom" + bytes(20), "a film"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b"P6\n4 4\n255\n" + bytes(48), "a Netpbm picture"),
        (b"<?xml version='1.0'?><svg xmlns='x'></svg>", "an SVG drawing"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a sound"),
        (b"PK\3\4\x14\0", "a ZIP archive"),
    ],
)
def test_other_formats_are_refused_by_name(start, named):
    sentence = refused(start)
    assert named in sentence and "convert it to one of JPEG, PNG, WebP, GIF, BMP and TIFF" in sentence


def test_formats_that_pillow_could_read_are_still_refused():
    assert "Netpbm" in refused(file_of(Image.new("RGB", (16, 16)), "PPM"))
    assert "AVIF" in refused(file_of(Image.new("RGB", (16, 16)), "AVIF"))
    assert "not a picture of a known kind" in refused(file_of(Image.new("RGB", (16, 16)), "TGA"))


def test_absent_file_and_folder(tmp_path):
    assert "There is no file" in refused(tmp_path / "absent.jpg")
    assert "cannot be opened" in refused(tmp_path)


def test_refusals_are_user_errors():
    assert issubclass(images.ImageError, UserError)


# Bounds, encoding, tensors


def test_max_side_shrinks_in_proportion_and_never_enlarges(quadrants):
    big = images.resize(quadrants, 1200, 800)
    for format in ("JPEG", "PNG"):
        data = file_of(Image.fromarray(big), format)
        assert images.decode(data, max_side=300).shape == (200, 300, 3)
        assert images.decode(data, max_side=5000).shape == (800, 1200, 3)


def test_max_side_applies_after_turning(quadrants):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = file_of(Image.fromarray(images.resize(quadrants, 1200, 800)), "JPEG", exif=exif)
    assert images.decode(data, max_side=300).shape == (300, 200, 3)


def test_fit_keeps_a_ribbon_at_least_one_pixel_wide():
    assert images.fit(np.zeros((8, 4000, 3), np.uint8), 100).shape == (1, 100, 3)


def test_resize_averages_before_it_shrinks():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = images.resize(stripes, 8, 8)
    assert np.abs(small[:, 2:-2].astype(int) - 128).max() < 12


def test_a_net_receives_the_central_square():
    wide = np.zeros((40, 200, 3), np.uint8)
    wide[:, 80:120] = BLUE
    tall = np.zeros((160, 32, 3), np.uint8)
    tall[64:96] = GREEN
    for picture, colour in ((wide, BLUE), (tall, GREEN)):
        for side in (16, 64):
            square = images.for_net(picture, side)
            assert square.shape == (side, side, 3)
            assert (square == colour).all()
    assert images.central_square(40, 200) == (0, 80, 40) and images.central_square(160, 32) == (64, 0, 32)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((300, 400), (264, 352)), ((40, 30), (352, 264)), ((9, 216), (15, 352)), ((8, 8000), (1, 352))],
)
def test_a_net_may_receive_the_whole_picture_in_its_proportions(size, expected):
    picture = np.full((*size, 3), RED, np.uint8)
    whole = images.for_net(picture, 352, whole=True)
    assert whole.shape == (*expected, 3) and (whole == RED).all()


@pytest.mark.parametrize(("format", "size"), [("PNG", (2600, 1400)), ("JPEG", (900, 700)), ("PNG", (2000, 90))])
def test_a_net_receives_the_same_pixels_from_a_file_and_from_its_pixels(quadrants, format, size):
    noise = np.random.default_rng(0).integers(0, 60, (*size[::-1], 3), np.uint8)
    data = file_of(Image.fromarray(images.resize(quadrants, *size) // 2 + noise), format)
    photograph = images.photograph(data)
    assert max(photograph.shape) <= images.LONGEST_TO_NET
    for side, whole in ((32, False), (224, False), (352, True)):
        received = images.for_net(photograph, side, whole=whole)
        np.testing.assert_array_equal(received, images.for_net(images.decode(data), side, whole=whole))


@pytest.mark.parametrize("name", ["out.png", "out.bmp", "out.tiff"])
def test_save_goes_by_suffix(quadrants, tmp_path, name):
    images.save(quadrants, tmp_path / name)
    np.testing.assert_array_equal(images.decode(tmp_path / name), quadrants)


def test_save_jpeg_and_webp(quadrants, tmp_path):
    for name, format in (("a.JPG", "JPEG"), ("a.webp", "WEBP")):
        images.save(quadrants, tmp_path / name)
        assert Image.open(tmp_path / name).format == format


def test_save_refuses_unknown_suffix_and_absent_folder(quadrants, tmp_path):
    with pytest.raises(images.ImageError, match=r"out\.xyz names no picture format"):
        images.save(quadrants, tmp_path / "out.xyz")
    with pytest.raises(images.ImageError, match="cannot be written"):
        images.save(quadrants, tmp_path / "absent" / "out.png")


def test_encode_is_what_it_says(quadrants):
    np.testing.assert_array_equal(images.decode(images.encode(quadrants, "PNG")), quadrants)
    coarse, fine = (len(images.encode(images.resize(quadrants, 240, 160), quality=q)) for q in (20, 95))
    assert coarse < fine


@pytest.mark.parametrize("wrong", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32)])
def test_encode_refuses_other_arrays(wrong):
    with pytest.raises(ValueError, match="uint8 of shape"):
        images.encode(wrong)


def test_tensor_round_trip(quadrants):
    tensor = images.to_tensor(quadrants)
    assert tensor.shape == (1, 3, 16, 24) and tensor.dtype == torch.float32
    assert tensor[0, :, 2, 2].tolist() == [1, 0, 0]
    np.testing.assert_array_equal(images.from_tensor(tensor), quadrants)
    np.testing.assert_array_equal(images.from_tensor(tensor[0]), quadrants)
    assert images.from_tensor(torch.tensor([-1.0, 0.5, 2.0]).view(3, 1, 1)).tolist() == [[[0, 128, 255]]]


def test_every_sample_is_a_picture_and_a_wrong_name_lists_them():
    names = images.sample_names()
    assert {"cat", "flower"} <= set(names)
    for name in names:
        assert min(images.sample(name).shape[:2]) >= 256
    with pytest.raises(images.ImageError, match="cat"):
        images.sample("unicorn")


def test_a_picture_is_named_by_its_file_or_as_a_sample(tmp_path):
    picture = images.sample("cat")
    images.save(picture, tmp_path / "cat.png")
    assert np.array_equal(images.named("sample:cat"), picture)
    assert np.array_equal(images.named(tmp_path / "cat.png"), picture)
    assert max(images.named("sample:cat", max_side=64).shape) == max(
        images.named(tmp_path / "cat.png", max_side=64).shape
    )
    with pytest.raises(images.ImageError, match="no sample picture “dog”"):
        images.named("sample:dog")
