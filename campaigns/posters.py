"""A poster: picture, title, price, QR code and the mark of an advertisement, as a PNG.

Drawn with the first font of FONTS that the machine has; the setting POSTER_FONT names another.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import qrcode
from django.conf import settings
from PIL import Image, ImageDraw, ImageFont
from qrcode.constants import ERROR_CORRECT_M

from campaigns.pictures import SIDE

DRAWING = 1  # rises when posters look different, so that browsers ask for them anew
WIDTH, MARGIN, QR = SIDE, 44, 216
INK, QUIET, BRAND, RULE = "#1f1b18", "#6b6560", "#d4380d", "#ebe7e3"

# With Chinese and Latin letters: the bold one, then the regular one.
FONTS = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
     "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
     "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc"),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",) * 2,
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",) * 2,
    ("/System/Library/Fonts/Hiragino Sans GB.ttc",) * 2,
    ("/System/Library/Fonts/STHeiti Medium.ttc", "/System/Library/Fonts/STHeiti Light.ttc"),
)  # fmt: skip

# What fonts of letters do not have: emoji and their parts, signs that nobody sees.
_UNDRAWN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\u20e3\u2600-\u27bf"
    r"\ufe00-\ufe0f\ufeff\ud800-\udfff\U0001f000-\U0001faff\U000e0000-\U000e007f]"
)
# A Chinese sign, with the closing punctuation that may not begin a line; or a word.
_PIECES = re.compile(
    r"(?:[^\W\x00-\u2e7f]|[^\w\x00-\u2e7f\s]|[^\s\u2e80-\uffff]+)[，。！？；：、）】》」』”’…]*|\s+"
)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Poster:
    """What is written on it, in the language of whoever shares it. Prices are written amounts; with
    a coupon `before` is the one that is crossed out, `label` what stands before the price."""

    title: str
    shop: str
    price: str
    before: str
    label: str
    coupon: str
    mark: str  # that it is an advertisement
    call: str  # what to do with the QR code
    address: str
    short: str


def draw(poster: Poster, picture: bytes) -> bytes:
    """The PNG. Without a picture the shop's name stands in its place."""
    title = wrapped(poster.title, _font(38, bold=True), WIDTH - 2 * MARGIN, lines=2)
    top = SIDE if picture else 420
    price_at = top + 40 + 54 * len(title)
    foot_at = price_at + (124 if poster.price else 16)
    sheet = Image.new("RGB", (WIDTH, foot_at + QR + 2 * MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    if picture:
        with Image.open(BytesIO(picture), formats=("JPEG",)) as photo:
            sheet.paste(photo, (0, 0))
    else:
        _name_plate(sheet, pen, poster.shop, top)
    _mark(sheet, poster.mark)
    for number, line in enumerate(title):
        pen.text((MARGIN, top + 30 + 54 * number), line, INK, _font(38, bold=True))
    if poster.price:
        _price(pen, poster, price_at)
    pen.line((MARGIN, foot_at, WIDTH - MARGIN, foot_at), RULE, 2)
    _foot(sheet, pen, poster, foot_at + MARGIN)
    drawn = BytesIO()
    sheet.save(drawn, "PNG")
    return drawn.getvalue()


def wrapped(text: str, font: Font, width: float, *, lines: int) -> list[str]:
    """The text in so many lines at most, broken between words or Chinese signs; what is too much
    ends in an ellipsis. A word that is wider than a line is broken anywhere."""
    text = " ".join(_UNDRAWN.sub(" ", text).split())
    made = [""]
    for piece in _PIECES.findall(text):
        if font.getlength(made[-1] + piece.rstrip()) <= width:
            made[-1] += piece
            continue
        if made[-1].strip():
            made.append("")
        for sign in piece.lstrip():
            if font.getlength(made[-1] + sign) > width:
                made.append("")
            made[-1] += sign
        if len(made) > lines:
            break
    made = [line.strip() for line in made if line.strip()]
    if len(made) <= lines:
        return made
    last = made[lines - 1]
    while last and font.getlength(f"{last}…") > width:
        last = last[:-1]
    return [*made[: lines - 1], f"{last.rstrip(' ,.;:，。；：、')}…"]


def _name_plate(sheet: Image.Image, pen: ImageDraw.ImageDraw, name: str, height: int) -> None:
    warm = Image.linear_gradient("L").rotate(90).resize((WIDTH, height))
    sheet.paste(Image.composite(
        Image.new("RGB", warm.size, "#ff7a45"), Image.new("RGB", warm.size, BRAND), warm
    ))  # fmt: skip
    lines = wrapped(name, _font(56, bold=True), WIDTH - 3 * MARGIN, lines=3)
    begin = (height - 76 * len(lines)) / 2
    for number, line in enumerate(lines):
        pen.text(
            (WIDTH / 2, begin + 76 * number + 38), line, "white", _font(56, bold=True), anchor="mm"
        )


def _mark(sheet: Image.Image, text: str) -> None:
    """On a dark ground of its own, to be read on any picture."""
    font = _font(26)
    width = int(font.getlength(text)) + 32
    ground = Image.new("L", (width, 48), 0)
    ImageDraw.Draw(ground).rounded_rectangle((0, 0, width - 1, 47), 10, fill=170)
    sheet.paste(Image.new("RGB", ground.size, "black"), (24, 24), ground)
    ImageDraw.Draw(sheet).text((24 + width / 2, 48), text, "white", font, anchor="mm")


def _price(pen: ImageDraw.ImageDraw, poster: Poster, at: int) -> None:
    """Label, price and what is crossed out, smaller where they are long; the coupon if there is
    room for it."""
    said = [
        (text, size, colour)
        for text, size, colour in (
            (poster.label, 30, BRAND),
            (poster.price, 60, BRAND),
            (poster.before, 32, QUIET),
        )
        if text
    ]
    wide = sum(_font(size, bold=size == 60).getlength(text) + 16 for text, size, _colour in said)
    scale = min(1.0, (WIDTH - 2 * MARGIN) / wide)
    line, place = at + 86, float(MARGIN)
    for text, size, colour in said:
        font = _font(int(size * scale), bold=size == 60)
        pen.text((place, line), text, colour, font, anchor="ls")
        length = font.getlength(text)
        if text == poster.before:
            middle = line - size * scale / 3
            pen.line((place, middle, place + length, middle), colour, 2)
        place += length + 16
    if not poster.coupon:
        return
    font = _font(28)
    width = font.getlength(poster.coupon) + 32
    left = WIDTH - MARGIN - width
    if left > place:
        pen.rounded_rectangle(
            (left, line - 40, WIDTH - MARGIN, line + 10), 8, outline=BRAND, width=2
        )
        pen.text((left + 16, line - 15), poster.coupon, BRAND, font, anchor="lm")


def _foot(sheet: Image.Image, pen: ImageDraw.ImageDraw, poster: Poster, top: int) -> None:
    room = WIDTH - 2 * MARGIN - QR - 28
    rows: Sequence[tuple[str, int, str, bool]] = (
        *(
            (line, 34, INK, True)
            for line in wrapped(poster.call, _font(34, bold=True), room, lines=2)
        ),
        *((line, 28, QUIET, False) for line in wrapped(poster.shop, _font(28), room, lines=1)),
        *((line, 24, QUIET, False) for line in wrapped(poster.short, _font(24), room, lines=2)),
    )
    height = sum(size + 16 for _line, size, _colour, _bold in rows)
    place = top + (QR - height) / 2
    for line, size, colour, bold in rows:
        pen.text((MARGIN, place), line, colour, _font(size, bold=bold))
        place += size + 16
    sheet.paste(_qr(poster.address), (WIDTH - MARGIN - QR, top))


def _qr(address: str) -> Image.Image:
    code = qrcode.QRCode(border=0, box_size=1, error_correction=ERROR_CORRECT_M)
    code.add_data(address)
    code.make()
    rows = code.get_matrix()
    side = len(rows)
    bits = Image.new("1", (side, side), 1)
    bits.putdata([not dark for row in rows for dark in row])
    return bits.convert("RGB").resize((QR, QR), Image.Resampling.NEAREST)


@cache
def _font(size: int, *, bold: bool = False) -> Font:
    own = settings.POSTER_FONT
    for pair in ((own, own), *FONTS):
        file = pair[0 if bold else 1]
        if file and Path(file).is_file():
            return ImageFont.truetype(file, size, index=_face(file))
    return ImageFont.load_default(size)


@cache
def _face(file: str) -> int:
    """Of a collection the face with the Chinese forms of signs that Japan writes differently."""
    if not file.endswith(".ttc"):
        return 0
    for index in range(20):
        try:
            family, _style = ImageFont.truetype(file, 10, index=index).getname()
        except OSError:
            break
        if family and family.endswith((" SC", " GB")):
            return index
    return 0
