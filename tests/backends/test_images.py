"""Pictures in the blog's measure: real ones, drawn ones, and files that mean harm."""

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from tests.shared import shared_data
from translate.backends.images import MAX_BYTES, BlogPicture, BlogPictures
from translate.errors import BadFileError


def slide(width: int = 1280, height: int = 720, mode: str = "RGB") -> Image.Image:
    """Text and boxes on a plain ground, as slides are."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    for n in range(12):
        draw.rectangle((20 * n, 30 * n, 200 + 40 * n, 30 * n + 20), fill=(20 * n, 90, 255 - 20 * n))
        draw.text((60, 30 * n), f"line {n} of the slide", fill="black")
    return image.convert(mode)


def photograph(width: int, height: int) -> Image.Image:
    """Noise on a gradient, at two scales: nothing that is lossless makes it small."""
    noise = random.Random(7).randbytes(width * height * 3)
    fine = Image.frombytes("RGB", (width, height), noise)
    coarse = fine.resize((width // 16 or 1, height // 16 or 1)).resize((width, height))
    ground = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    return Image.blend(ground, Image.blend(coarse, fine, 0.15), 0.5)


def saved(folder: Path, image: Image.Image, name: str = "a.png", **options: Any) -> Path:
    path = folder / name
    image.save(path, **options)
    return path


def fitted(path: Path) -> tuple[BlogPicture, Image.Image]:
    made = BlogPictures().fit(path)
    image = Image.open(io.BytesIO(made.data))
    image.load()
    assert {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif"}[str(image.format)] == made.ending
    return made, image


def rules(made: BlogPicture) -> list[str]:
    return [p.rule for p in made.problems]


@pytest.mark.data
@pytest.mark.parametrize("n", range(1, 7))
def test_the_columns_own_pictures_stay_what_they_show(n: int) -> None:
    path = shared_data(f"posts/images/conference-{n}.png")
    made, image = fitted(path)
    with Image.open(path) as before:
        assert image.size == before.size
        same = ImageChops.difference(image.convert("RGBA"), before.convert("RGBA"))
        assert same.getbbox() is None
    assert len(made.data) <= path.stat().st_size
    assert made.problems == ()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16", "CMYK"])
def test_a_drawn_slide_is_a_png_of_the_same_size(tmp_path: Path, mode: str) -> None:
    name = "a.jpg" if mode == "CMYK" else "a.png"
    made, image = fitted(saved(tmp_path, slide(mode=mode), name))
    assert image.size == (1280, 720)
    assert made.problems == ()
    assert len(made.data) < MAX_BYTES


def test_grey_of_sixteen_bits_keeps_its_shades(tmp_path: Path) -> None:
    deep = Image.new("I;16", (1280, 9), 32896)
    _, image = fitted(saved(tmp_path, deep))
    assert image.convert("L").getpixel((5, 5)) in (127, 128)


def test_too_wide_is_made_narrower_and_nothing_is_made_wider(tmp_path: Path) -> None:
    _, image = fitted(saved(tmp_path, slide(3840, 2160)))
    assert image.size == (1920, 1080)
    made, image = fitted(saved(tmp_path, slide(640, 360)))
    assert image.size == (640, 360)
    assert rules(made) == ["picture-narrow"]
    assert "640 px wide, narrower than the blog's 1264 px" in made.problems[0].message


def test_a_photograph_becomes_a_jpeg_that_fits(tmp_path: Path) -> None:
    path = saved(tmp_path, photograph(2000, 1125))
    made, image = fitted(path)
    assert made.ending == ".jpg"
    assert len(made.data) < MAX_BYTES
    assert 1264 <= image.width <= 1920
    assert made.problems == ()


def test_what_cannot_be_made_small_enough_says_so(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(1264 * 1600 * 3)
    path = saved(tmp_path, Image.frombytes("RGB", (1264, 1600), noise), "a.jpg", quality=95)
    made, image = fitted(path)
    assert rules(made) == ["picture-large"]
    assert image.size == (1264, 1600)
    assert len(made.data) < path.stat().st_size


def test_few_colours_only_where_nobody_sees_it(tmp_path: Path) -> None:
    noise = Image.frombytes("RGB", (1400, 185), random.Random(3).randbytes(1400 * 185 * 3))
    grainy = slide(1400, 700)
    grainy.paste(noise.point(lambda v: 200 + v // 29 * 3), (0, 500))  # near each other
    made, image = fitted(saved(tmp_path, grainy))
    assert made.ending == ".png"
    assert image.mode == "P"
    rare = grainy.copy()
    rare.paste((255, 0, 0), (700, 0, 702, 700))
    made, image = fitted(saved(tmp_path, rare))
    red, green, blue = image.convert("RGB").getpixel((701, 350))  # type: ignore[misc]
    assert red > 200, "a thin red line stays red"
    assert max(green, blue) < 60


def test_transparency_stays_and_what_is_opaque_needs_none(tmp_path: Path) -> None:
    clear = slide(mode="RGBA")
    clear.putpixel((0, 0), (1, 2, 3, 0))
    _, image = fitted(saved(tmp_path, clear))
    assert image.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
    _, image = fitted(saved(tmp_path, slide(mode="RGBA")))
    assert image.mode in ("RGB", "P")
    foggy = photograph(1300, 700)
    foggy.putalpha(Image.new("L", foggy.size, 0))
    made, image = fitted(saved(tmp_path, foggy))
    if made.ending == ".jpg":
        assert image.getpixel((5, 5)) == (255, 255, 255)


def exif(orientation: int = 1) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = "SECRET-DESCRIPTION"
    data.get_ifd(0x8825)[1] = "N"  # where it was taken
    data.get_ifd(0x8825)[29] = "SECRET-PLACE"
    return data.tobytes()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_no_metadata_is_published_and_the_picture_stands_upright(
    tmp_path: Path, name: str, orientation: int
) -> None:
    drawn = slide(1400, 1300)
    drawn.paste((255, 0, 0), (0, 0, 300, 300))
    path = saved(tmp_path, drawn, name, exif=exif(orientation))
    assert b"SECRET" in path.read_bytes()
    made, image = fitted(path)
    assert b"SECRET" not in made.data
    assert not image.getexif()
    assert image.size == ((1300, 1400) if orientation == 6 else (1400, 1300))
    right, down = image.width - 20, image.height - 20
    corner = {1: (20, 20), 3: (right, down), 6: (right, 20)}[orientation]
    red, green, _ = image.convert("RGB").getpixel(corner)  # type: ignore[misc]
    assert red > 200
    assert green < 60


def test_comments_texts_and_trailing_bytes_go_as_well(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    facts = PngInfo()
    facts.add_text("Comment", "SECRET")
    path = saved(tmp_path, slide(), pnginfo=facts)
    path.write_bytes(path.read_bytes() + b"SECRET-after-the-end")
    assert b"SECRET" not in fitted(path)[0].data
    path = saved(tmp_path, slide(), "a.jpg", comment=b"SECRET")
    assert b"SECRET" not in fitted(path)[0].data
    path = saved(tmp_path, slide(), "b.jpg")
    path.write_bytes(path.read_bytes() + b"SECRET-after-the-end")
    assert b"SECRET" not in fitted(path)[0].data


def test_a_jpeg_that_fits_and_hides_nothing_is_not_encoded_again(tmp_path: Path) -> None:
    path = saved(tmp_path, slide(), "a.jpg", quality=88)
    assert BlogPictures().fit(path).data == path.read_bytes()


def test_of_a_jpeg_only_the_pixels_stay_as_they_were_encoded(tmp_path: Path) -> None:
    clean = saved(tmp_path, slide(), "a.jpg", quality=88).read_bytes()
    other = saved(tmp_path, slide(), "b.jpg", exif=exif()).read_bytes()
    assert other.endswith(b"\xff\xd9")
    thumbnail = b"\xff\xe0\x00\x19JFIF\0\x01\x01\0\0\x01\0\x01\x01\x03SECRET-AB"
    segments = b"".join(
        b"\xff" + kind + struct.pack(">H", len(body) + 2) + body
        for kind, body in (
            (b"\xe0", b"SECRET-not-JFIF"),
            (b"\xed", b"Photoshop 3.0\0SECRET"),
            (b"\xee", b"Adobe-SECRET"[:5] + b"\0\x64\0\0\0\0\x01SECRET"),
            (b"\xfe", b"SECRET"),
        )
    )
    head, rest = clean[:20], clean[20:]
    assert head[4:11] == b"\0\x10JFIF\0"
    adobe = b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\x01"
    path = tmp_path / "c.jpg"
    for data, bare in (
        (clean + other, clean),
        (clean + b"\0" * 9 + b"\xff\xd9", clean),
        (clean[:2] + thumbnail + rest, clean),
        (head + b"\xff" + segments + rest + other, head + adobe + rest),
    ):
        path.write_bytes(data)
        made, image = fitted(path)
        assert b"SECRET" not in made.data
        assert made.data[20:] == bare[20:]
        assert not image.getexif()
        with Image.open(path) as before:
            assert ImageChops.difference(image, before.convert("RGB")).getbbox() is None


@pytest.mark.parametrize(
    "options",
    [{"progressive": True}, {"restart_marker_blocks": 3}, {"subsampling": 0, "optimize": True}],
)
def test_a_jpeg_of_any_coding_stays_byte_for_byte(tmp_path: Path, options: dict[str, Any]) -> None:
    for mode in ("RGB", "L"):
        path = saved(tmp_path, slide(mode=mode), "a.jpg", **options)
        assert BlogPictures().fit(path).data == path.read_bytes()


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    for image in (slide(), photograph(1500, 800)):
        path = saved(tmp_path, image)
        assert BlogPictures().fit(path) == BlogPictures().fit(path)


def test_colours_are_what_the_profile_means(tmp_path: Path) -> None:
    from PIL import ImageCms

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain, _ = fitted(saved(tmp_path, slide(), icc_profile=srgb))
    assert plain.data == fitted(saved(tmp_path, slide()))[0].data
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    _, image = fitted(saved(tmp_path, slide(), icc_profile=lab))  # not for these colours
    assert image.size == (1280, 720)
    assert "icc_profile" not in image.info
    _, image = fitted(saved(tmp_path, slide(), icc_profile=b"broken"))
    assert image.size == (1280, 720)


# --- moving pictures ----------------------------------------------------------------------------


def frames() -> list[Image.Image]:
    return [slide(1300, 90).rotate(n) for n in (0, 90, 180)]


def test_a_moving_gif_stays_as_it_is(tmp_path: Path) -> None:
    first, *rest = frames()
    path = saved(tmp_path, first, "a.gif", save_all=True, append_images=rest)
    made = BlogPictures().fit(path)
    assert made == BlogPicture(data=path.read_bytes(), ending=".gif")
    many = [photograph(700, 500).rotate(n) for n in range(4)]
    path = saved(tmp_path, many[0], "b.gif", save_all=True, append_images=many[1:])
    made = BlogPictures().fit(path)
    assert made.data == path.read_bytes()
    assert rules(made) == ["picture-narrow", "picture-large"]


def test_of_a_moving_gif_only_frames_timing_and_loops_stay(tmp_path: Path) -> None:
    first, *rest = frames()
    times = [40, 250, 990]
    path = saved(
        tmp_path, first, "a.gif", save_all=True, append_images=rest, duration=times, loop=3
    )
    clean = path.read_bytes()
    assert BlogPictures().fit(path).data == clean
    comment = b"!\xfe\x06SECRET\x06SECRET\0"
    xmp = b"!\xff\x0bXMP DataXMP\x06SECRET\0"
    text = b"!\x01\x0c" + b"\0" * 12 + b"\x06SECRET\0"
    loop = clean.index(b"!\xff\x0bNETSCAPE2.0")
    longer = clean[: loop + 18] + b"\x06SECRET" + clean[loop + 18 :]
    for data in (
        clean[:loop] + comment + xmp + text + clean[loop:-1] + comment + b";",
        clean + b"SECRET" + clean,
        clean[:-1] + b"\0;",
        clean[:-1],  # cut off where nothing is lost
        longer,
    ):
        path.write_bytes(data)
        made, image = fitted(path)
        assert made.data == clean
        assert image.info["loop"] == 3
        with Image.open(path) as before:
            for n, time in enumerate(times):
                image.seek(n)
                before.seek(n)
                assert image.info["duration"] == time
                assert image.convert("RGBA").tobytes() == before.convert("RGBA").tobytes()
    path.write_bytes(clean[:-99])
    with pytest.raises(BadFileError, match="broken"):
        BlogPictures().fit(path)


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
def test_of_other_moving_pictures_the_first_frame_is_taken(tmp_path: Path, name: str) -> None:
    first, *rest = frames()
    path = saved(tmp_path, first, name, save_all=True, append_images=rest, exif=exif())
    made, image = fitted(path)
    assert rules(made) == ["picture-still"]
    assert getattr(image, "n_frames", 1) == 1
    assert b"SECRET" not in made.data


def test_a_still_gif_becomes_a_png(tmp_path: Path) -> None:
    made, image = fitted(saved(tmp_path, slide(mode="P"), "a.gif"))
    assert made.ending == ".png"
    assert image.size == (1280, 720)


# --- files that mean harm -----------------------------------------------------------------------


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a picture"),
        (b"hello", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "SVG"),
        (b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", "SVG"),
        (b"<!DOCTYPE svg><svg/>", "SVG"),
        (png(9_000, 9_000), "too many"),
        (png(30_000, 30_000), "not a picture|too many"),
        (png(2**31 - 1, 2**31 - 1), "not a picture|too many"),
        (png(100, 100, b"\0" * 50), "broken"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"BM" + b"\0" * 60, "not a picture"),
    ],
)  # fmt: skip
def test_what_is_no_picture_or_too_much_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(BadFileError, match=says) as refused:
        BlogPictures().fit(path)
    assert str(path) in refused.value.message
    assert refused.value.hint


def test_the_name_says_nothing_of_the_content(tmp_path: Path) -> None:
    slide().save(tmp_path / "real.png")
    path = (tmp_path / "real.png").rename(tmp_path / "a.jpg")
    assert fitted(path)[0].ending == ".png"


def test_missing_and_oversized_files(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="No such file"):
        BlogPictures().fit(tmp_path / "none.png")
    with pytest.raises(BadFileError):
        BlogPictures().fit(tmp_path)
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.truncate(65_000_000)
    with pytest.raises(BadFileError, match="larger than 64 MB"):
        BlogPictures().fit(path)


_SMALL = {
    name: (lambda out: (slide(64, 48).save(out, name), out.getvalue())[1])(io.BytesIO())
    for name in ("PNG", "JPEG", "WEBP", "GIF")
}


@settings(max_examples=200)
@given(st.sampled_from(sorted(_SMALL)), st.data())
def test_a_damaged_file_is_refused_or_still_a_picture(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    raw = bytearray(_SMALL[name])
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(bytes(raw[:cut]))
    try:
        fitted(path)
    except BadFileError as e:
        assert "broken" in e.message or "too many" in e.message
