"""Product pictures: drawn by this project, coloured by the product's own facts.

The inside of a picture is a drawing in `content/drawings/`: plain SVG in which a word like `@main`
stands for a colour of the product. Here it gets its colours, a background and a brand mark.
"""

import re
from functools import cache
from pathlib import PurePosixPath

from alliance.demo.catalogue import ProductFacts, products
from alliance.demo.content import drawing
from alliance.demo.dice import Dice
from alliance.demo.shelves import kinds

INK = "#2b2d36"
BACKDROPS = (  # light, less light
    ("#fdf6ee", "#f3dcc4"),
    ("#fef1f0", "#f6cfd2"),
    ("#f1f7fd", "#cbdff2"),
    ("#f1f8f1", "#cbe4cf"),
    ("#f6f2fc", "#dacff0"),
    ("#fffbe9", "#f7e4a6"),
    ("#eef8f8", "#c0e2e1"),
    ("#f5f3ef", "#d9d3c8"),
    ("#fdf1e7", "#f5c9a8"),
    ("#eef1f6", "#c6cfdd"),
)
SCENES = (  # something quiet behind the product
    '<circle cx="200" cy="190" r="138" fill="#fff" opacity=".5"/>',
    '<path d="M82 334V190a118 118 0 0 1 236 0v144z" fill="#fff" opacity=".48"/>',
    '<path d="M0 262q90-56 200-20t200-30v188H0z" fill="#fff" opacity=".45"/>',
    (
        '<circle cx="312" cy="96" r="62" fill="#fff" opacity=".6"/>'
        '<path d="M0 300h400v100H0z" fill="#fff" opacity=".4"/>'
    ),
    '<path d="M0 400L260 0h84L84 400zM150 400L400 16v60L190 400z" fill="#fff" opacity=".3"/>',
    '<rect x="62" y="52" width="276" height="282" rx="36" fill="#fff" opacity=".45"/>',
)
FLOOR = '<ellipse cx="200" cy="331" rx="{0}" ry="11" fill="{1}" opacity=".2"/>'


def picture_svg(product: ProductFacts) -> str:
    """A square picture of the product, below 3 kB, self-contained: no script, no outside reference.

    Ids carry the product's code, so that several pictures can stand in one page.
    """
    dice = Dice("picture", product.code)
    main, mark = product.tone.main, product.brand.en.upper()
    accent = product.tone.accent or mix(main, "#fff3dc", 72)
    light, deep = dice.pick([pair for pair in BACKDROPS if _apart(pair[1], main)] or BACKDROPS[-1:])
    shade = mix(deep, "#20243a", 62)
    colours = {
        "main": main,
        "light": mix(main, "#ffffff", 34),
        "pale": mix(main, "#ffffff", 72),
        "dark": mix(main, "#1f2233", 24),
        "deep": mix(main, "#1f2233", 50),
        "accent": accent,
        "bold": mix(accent, "#1f2233", 26),
        "ink": INK,
        "body": f"url(#m{product.code})",
        "on": INK if _brightness(main) > 150 else "#ffffff",
        "brand": mark,
    }
    inside = _fill(drawing(kinds()[product.kind].drawing), colours, shade)
    stops = zip((0, 30, 100), (colours["light"], main, colours["dark"]), strict=True)
    gradient = "".join(f'<stop offset="{at}%" stop-color="{colour}"/>' for at, colour in stops)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400">'
        f'<defs><linearGradient id="b{product.code}" x2=".4" y2="1"><stop stop-color="{light}"/>'
        f'<stop offset="1" stop-color="{deep}"/></linearGradient>'
        f'<linearGradient id="m{product.code}">{gradient}</linearGradient></defs>'
        f'<path d="M0 0h400v400H0z" fill="url(#b{product.code})"/>{dice.pick(SCENES)}'
        f'<g font-family="Helvetica,Arial,sans-serif" font-weight="700" text-anchor="middle">'
        f'<g transform="matrix(1.14 0 0 1.14 -28 -26)">{inside}</g>{_badge(product)}'
        f'<text x="378" y="40" font-size="15" letter-spacing="2" text-anchor="end" fill="{shade}">'
        f"{mark}</text></g></svg>"
    )


def _fill(inside: str, colours: dict[str, str], shade: str) -> str:
    """Put the product's colours in. `@fit80` is the type size at which the brand is 80 wide."""
    letters = len(colours["brand"])

    def value(match: re.Match[str]) -> str:
        word, number = match[1], match[2]
        if word == "fit":
            return str(max(6, min(int(number) * 15 // (letters * 11), 30)))
        if word == "floor":
            return FLOOR.format(number, shade)
        return colours[word]

    return re.sub(r"@([a-z]+)(\d*)", value, re.sub(r">\s+<", "><", inside))


def _badge(product: ProductFacts) -> str:
    """How many are in the pack, if more than one."""
    if product.pack_count < 2:
        return ""
    return (
        '<circle cx="346" cy="346" r="31" fill="#fff" opacity=".92"/>'
        f'<text x="346" y="354" font-size="22" fill="{INK}">×{product.pack_count}</text>'
    )


def mix(colour: str, other: str, percent: int) -> str:
    """`percent` of the way from one colour to another, in whole numbers."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{(a * (100 - percent) + b * percent + 50) // 100:02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _brightness(colour: str) -> int:
    red, green, blue = _channels(colour)
    return (299 * red + 587 * green + 114 * blue) // 1000


def _apart(one: str, other: str) -> bool:
    """Different enough to stand before each other."""
    return sum(abs(a - b) for a, b in zip(_channels(one), _channels(other), strict=True)) > 90


def picture_png(address: str) -> bytes:
    """The picture at /demo/pictures/….svg as a PNG; empty where there is none, or nothing to draw
    it with: that comes with the servers out of wheels."""
    facts = by_code().get(PurePosixPath(address).stem)
    try:
        import resvg_py
    except ImportError:
        return b""
    return bytes(resvg_py.svg_to_bytes(svg_string=picture_svg(facts), width=750)) if facts else b""


@cache
def by_code() -> dict[str, ProductFacts]:
    """Every product of the demo by its code."""
    return {product.code: product for product in products()}
