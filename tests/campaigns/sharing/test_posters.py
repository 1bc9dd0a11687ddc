"""Posters: what is drawn, from which picture, and for whom."""

import io
import struct
import zlib

import pytest
from django.core.cache import cache
from PIL import Image, ImageFont

from affiliates.models import Link
from campaigns import pictures, tasks
from campaigns.posters import Poster, draw, wrapped
from merchants.models import Product
from tests.cast import user_make
from tests.far_end import WORLD

TEA = Poster(
    title="云雾绿茶 Cloud green tea 🍵 250 g", shop="Shop", price="¥169.00", before="¥199.00",
    label="券后价", coupon="券 ¥30.00", mark="广告", call="扫码领券购买",
    address="https://alliance.example/s/k7m2x9p4ab", short="alliance.example/s/k7m2x9p4ab",
)  # fmt: skip


def picture_of(colour="#336699", size=(40, 20), form="PNG", mode="RGB", **how) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, form, **how)
    return file.getvalue()


def opened(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert image.format == "PNG"
    return image.convert("RGB")


# --- Drawing -------------------------------------------------------------------------------------


def test_with_a_picture_it_fills_the_top_under_the_mark():
    photo = picture_of("#336699", (750, 750), "JPEG")
    drawn = opened(draw(TEA, photo))
    assert drawn.width == 750
    red, green, blue = drawn.getpixel((700, 700))
    assert (abs(red - 0x33), abs(green - 0x66), abs(blue - 0x99)) < (4, 4, 4)
    assert drawn.getpixel((28, 48)) != drawn.getpixel((700, 700)), "the mark's dark ground"
    assert drawn.getpixel((3, drawn.height - 3)) == (255, 255, 255)


def test_without_a_picture_it_is_shorter_and_still_whole():
    assert opened(draw(TEA, b"")).height == opened(draw(TEA, picture_of(
        size=(750, 750), form="JPEG"))).height - 330  # fmt: skip


@pytest.mark.parametrize("changes", [{"title": ""}, {"title": "茶" * 300}, {"title": "a" * 300},
    {"price": "", "before": "", "label": "", "coupon": ""},
    {"price": "IDR 12,345,678,901,234.00", "before": "IDR 22,345,678,901,234.00"}])  # fmt: skip
def test_no_facts_break_it(changes):
    facts = {name: getattr(TEA, name) for name in TEA.__slots__} | changes
    assert opened(draw(Poster(**facts), b"")).width == 750


def test_lines_break_between_words_and_between_chinese_signs():
    font = ImageFont.load_default(20)
    ten = font.getlength("茶") * 10
    assert wrapped("茶" * 9 + "，好茶", font, ten, lines=2) == ["茶" * 9 + "，", "好茶"]
    words = wrapped("some good green tea", font, font.getlength("some good gr"), lines=3)
    assert words == ["some good", "green tea"]
    assert wrapped("a🍵\u200bb\x00", font, 500, lines=1) == ["a b"]


def test_what_is_too_much_ends_in_an_ellipsis_within_its_lines():
    font = ImageFont.load_default(20)
    lines = wrapped("tea " * 50, font, 200, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("tea…") or lines[1].endswith("te…") or lines[1].endswith("t…")
    assert all(font.getlength(line) <= 200 for line in lines)
    assert len(wrapped("x" * 500, font, 200, lines=2)) == 2


# --- The product's picture -----------------------------------------------------------------------


@pytest.fixture
def shop_server(serve, settings):
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]
    return serve(WORLD)


@pytest.mark.parametrize(
    "body",
    [picture_of(), picture_of(form="JPEG"), picture_of(form="WEBP"), picture_of("#33669980",
     mode="RGBA"), picture_of(form="JPEG", mode="CMYK", colour=(90, 40, 0, 0)),
     picture_of(form="GIF")],
)  # fmt: skip
def test_pictures_become_small_squares(shop_server, body):
    shop_server.answers["/p"] = (200, {}, body)
    url = shop_server.url("/p")
    assert pictures.known(url) is None
    pictures.bring(url)
    with Image.open(io.BytesIO(pictures.known(url))) as kept:
        assert (kept.format, kept.size) == ("JPEG", (750, 750))


def bomb() -> bytes:
    """A PNG of which only the head is there: it says 60,000 by 60,000."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + crc


@pytest.mark.parametrize(
    "answer",
    [(404, {}, b""), (200, {}, b"<svg/>"), (200, {}, b""), (200, {}, picture_of()[:40]),
     (200, {}, bomb()), (200, {}, b"GIF89a" + bytes(pictures.LARGEST))],
    ids=["missing", "svg", "empty", "broken", "bomb", "long"],
)  # fmt: skip
def test_what_is_no_picture_is_none(shop_server, answer):
    shop_server.answers["/p"] = answer
    pictures.bring(shop_server.url("/p"))
    assert pictures.known(shop_server.url("/p")) == b""


def test_only_the_web_is_asked_and_not_twice_at_once():
    assert not pictures.ask_for("/static/picture.png")
    url = "https://pictures.example/p.png"
    assert not pictures.on_its_way(url)
    assert [pictures.ask_for(url), pictures.ask_for(url), pictures.on_its_way(url)] == [
        True, False, True,
    ]  # fmt: skip


# --- For whom ------------------------------------------------------------------------------------


@pytest.fixture
def with_picture(cast, shop_server):
    shop_server.answers["/p"] = (200, {}, picture_of(size=(800, 800)))
    Product.objects.filter(pk=cast.product.pk).update(image_url=shop_server.url("/p"))
    return cast.product


def test_a_poster_waits_for_its_picture_and_is_drawn_once(lin, cast, with_picture):
    link = f"/affiliate/links/{cast.link.pk}"
    address, part = f"{link}/poster.png", f"{link}/pictures/"
    first = lin.get(address)
    assert first["Content-Type"] == "image/png"
    assert "hx-trigger" in lin.get(part).content.decode()

    tasks.picture_fetch(with_picture.pk)
    second = lin.get(address, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert opened(second.content).height > opened(first.content).height
    html = lin.get(part).content.decode()
    assert "hx-trigger" not in html
    assert f'src="{address}?with=picture"' in html
    same = lin.get(address, headers={"If-None-Match": second["ETag"]})
    assert (same.status_code, same.content) == (304, b"")

    Product.objects.filter(pk=with_picture.pk).update(price_minor=100_00)
    assert lin.get(address, headers={"If-None-Match": second["ETag"]}).status_code == 200


def test_making_a_link_asks_for_its_picture(lin, cast, with_picture):
    Link.objects.all().delete()
    lin.post("/affiliate/convert/", {"text": with_picture.url, "zone": cast.zone.pk})
    assert pictures.on_its_way(Product.objects.get().image_url)


@pytest.mark.parametrize("name", ["poster.png", "qr.svg", "pictures/"])
def test_pictures_are_their_owners(lin, cast, client, name):
    address = f"/affiliate/links/{cast.link.pk}/{name}"
    assert lin.get(address).status_code == 200
    assert lin.get(f"/affiliate/links/999999/{name}").status_code == 404
    client.force_login(user_make())
    assert client.get(address).status_code == 302


def test_there_is_a_limit_to_drawing_but_none_to_looking_again(lin, cast):
    address = f"/affiliate/links/{cast.link.pk}/qr.svg"
    drawn = lin.get(address)
    cache.set(f"pictures:{cast.affiliate.pk}", 300, 600)
    assert lin.get(address).status_code == 429
    assert lin.get(address, headers={"If-None-Match": drawn["ETag"]}).status_code == 304
