"""What a PDF of ours says, read back without a reader: the texts of each page, a line each."""

import base64
import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_WIDE = re.compile(rb"/UniGB-UCS2-H /Name /(F\d+)")
_STEP = re.compile(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj|(T\*|ET)|\b([qQ])\b", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages_of(pdf: bytes) -> list[str]:
    wide = set(_WIDE.findall(pdf))
    streams = [_unpacked(found[1]) for found in _STREAM.finditer(pdf)]
    return [_said(content, wide) for content in streams if b" Tj" in content]


def _unpacked(stream: bytes) -> bytes:
    text = stream.strip().endswith(b"~>")
    return zlib.decompress(base64.a85decode(stream.strip()[:-2]) if text else stream)


def _said(content: bytes, wide: set[bytes]) -> str:
    font, kept, text = b"", [], ""
    for name, string, end, state in _STEP.findall(content):
        if state:  # the font is part of what is put aside and taken up again
            if state == b"q":
                kept.append(font)
            else:
                font = kept.pop()
        elif end:
            text = text.rstrip("\n") + "\n"
        elif name:
            font = name
        else:
            plain = _ESCAPE.sub(_unescaped, string)
            text += plain.decode("utf-16-be" if font in wide else "cp1252")
    return text


def _unescaped(found: re.Match[bytes]) -> bytes:
    letter = found[1]
    return bytes([int(letter, 8)]) if len(letter) == 3 else _LETTERS.get(letter, letter)
