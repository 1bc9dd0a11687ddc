"""Pictures of products for posters: fetched from merchants' servers, made small, kept a while.

Pages show such a picture from where it is; a poster is the only thing that needs it here. A worker
fetches it, through `alliance.kernel.outbound`: no page waits for a merchant's server.
"""

import hashlib
from collections.abc import Callable
from io import BytesIO

from django.core.cache import cache
from PIL import Image, ImageOps, UnidentifiedImageError

from alliance.kernel.outbound import NotFetched, fetch

SIDE = 750  # pixels of the square that is kept
KEPT, REFUSED, ASKED = 6 * 3600, 600, 30  # seconds
LARGEST, PATIENCE = 8 * 1024 * 1024, 10  # bytes, seconds
MOST_PIXELS = 40_000_000
# Pictures that this site has itself: how their address begins, and what draws one.
DRAWN_HERE: dict[str, Callable[[str], bytes]] = {}
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def known(url: str) -> bytes | None:
    """The picture as a square JPEG; empty if there is none to be had; None if it was not fetched
    yet, or too long ago."""
    if not url.startswith(("https://", "http://", *DRAWN_HERE)):
        return b""
    return cache.get(_key(url))


def ask_for(url: str) -> bool:
    """Whether somebody has to fetch it: nobody was told so in the last half minute."""
    return known(url) is None and cache.add(f"{_key(url)}:asked", 1, timeout=ASKED)


def on_its_way(url: str) -> bool:
    """Whether it is on its way."""
    return known(url) is None and bool(cache.get(f"{_key(url)}:asked"))


def bring(url: str) -> None:
    """Fetch it and keep it; what is no picture, or cannot be had, is not asked for again for ten
    minutes."""
    into = BytesIO()
    draws = next((draw for start, draw in DRAWN_HERE.items() if url.startswith(start)), None)
    try:
        if draws:
            into.write(draws(url))
        else:
            fetch(url, into, most=LARGEST, seconds=PATIENCE)
        small = _small(into)
    except (NotFetched, UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        cache.set(_key(url), b"", timeout=REFUSED)
    else:
        cache.set(_key(url), small, timeout=KEPT)


def _small(file: BytesIO) -> bytes:
    """As a square JPEG. ValueError for what has too many pixels: its size is in its head, so none
    of them is read."""
    with Image.open(file, formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture.draft("RGB", (SIDE, SIDE))
        upright = ImageOps.exif_transpose(picture)
        if upright.mode not in ("P", "PA", "LA", "RGBA"):
            upright = upright.convert("RGB")
        upright = upright.convert("RGBA")
    square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    white = Image.new("RGB", square.size, "white")
    white.paste(square, mask=square)
    drawn = BytesIO()
    white.save(drawn, "JPEG", quality=86)
    return drawn.getvalue()


def _key(url: str) -> str:
    return f"picture:{hashlib.sha256(url.encode()).hexdigest()}"
