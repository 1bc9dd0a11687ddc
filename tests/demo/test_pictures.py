"""Product pictures: well-formed, small, and safe to show."""

import io
import re
from xml.etree import ElementTree

import pytest
from PIL import Image

from alliance.demo.catalogue import products
from alliance.demo.content import HERE
from alliance.demo.pictures import mix, picture_png, picture_svg
from alliance.demo.shelves import kinds
from campaigns import pictures as posters

DRAWINGS = HERE / "drawings"
SVG = "{http://www.w3.org/2000/svg}"
HARMLESS = {
    "circle", "defs", "ellipse", "g", "linearGradient", "path", "rect", "stop", "svg", "text",
}  # fmt: skip


@pytest.fixture(scope="module")
def pictures():
    """One product of each kind and tone, with its picture."""
    found = {}
    for product in products():
        found.setdefault((product.kind, product.tone.main), (product, picture_svg(product)))
    return list(found.values())


def test_every_kind_has_its_drawing_and_every_drawing_is_used():
    used = {kind.drawing for kind in kinds().values()}

    assert {path.stem for path in DRAWINGS.glob("*.svg")} == used
    assert len(used) >= 140


def test_pictures_are_well_formed_square_and_small(pictures):
    for product, svg in pictures:
        root = ElementTree.fromstring(svg)
        assert root.tag == f"{SVG}svg"
        assert root.get("viewBox") == "0 0 400 400"
        assert len(svg.encode()) < 3000, product.kind


def test_pictures_hold_only_shapes_and_a_brand_mark(pictures):
    for product, svg in pictures:
        names = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(svg).iter()}
        assert names <= HARMLESS
        assert product.brand.en.upper() in svg
        assert not re.search(r"href|@|script|style=|url\((?!#[bm]P\d{5}\))", svg)


def test_the_picture_shows_the_colour_of_the_product(pictures):
    for product, svg in pictures:
        if product.tone.form == "colour" and "@main" in _drawing_of(product):
            assert product.tone.main in svg


def _drawing_of(product):
    return (DRAWINGS / f"{kinds()[product.kind].drawing}.svg").read_text(encoding="utf-8")


def test_a_picture_is_the_same_each_time_and_its_ids_are_its_own():
    one, other = products()[:2]

    assert picture_svg(one) == picture_svg(one)
    assert set(re.findall(r'id="(\w+)"', picture_svg(one))).isdisjoint(
        re.findall(r'id="(\w+)"', picture_svg(other))
    )


def test_a_pack_says_how_many():
    packed = next(product for product in products() if product.pack_count == 3)

    assert "×3" in picture_svg(packed)


def test_colours_mix_in_whole_numbers():
    assert mix("#000000", "#ffffff", 50) == "#808080"
    assert mix("#123456", "#ffffff", 0) == "#123456"


def test_posters_get_them_as_png():
    address = f"/demo/pictures/{products()[0].code}.svg"
    with Image.open(io.BytesIO(picture_png(address))) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (750, 750))
    for url in (address, "/demo/pictures/none.svg"):
        assert posters.ask_for(url)
        posters.bring(url)
    assert posters.known(address).startswith(b"\xff\xd8")
    assert posters.known("/demo/pictures/none.svg") == b""
