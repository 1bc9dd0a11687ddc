"""The verifier of archives: whatever was done to one, it says which of its four ways it was."""

import hashlib
import json
import zipfile

import pytest
from django.conf import settings

from commissions.statements import keys

LINKS, STATEMENT = "affiliates/link.csv", "statements/S-1.csv"


@pytest.fixture
def verifier(monkeypatch):
    monkeypatch.syspath_prepend(settings.BASE_DIR / "docs")
    import verify_takeout

    return verify_takeout


def parts(**more: bytes) -> dict[str, bytes]:
    """A whole archive, signed: of one file and more of them."""
    files = {LINKS: b"id\n1\n", **more}
    listed = {name: {"sha256": hashlib.sha256(raw).hexdigest()} for name, raw in files.items()}
    manifest = json.dumps({"organisation": "affiliate:1", "as_of": "today", "files": listed})
    return {**files, "manifest.json": manifest.encode(), "manifest.sig.json": _signed(manifest)}


def _signed(manifest: str) -> bytes:
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    key = keys.key_id(keys.public())
    return json.dumps({"key_id": key, "signature": keys.sign(digest)}).encode()


def test_each_way_of_tampering_has_its_own_exit_code(verifier, tmp_path, capsys):
    path = tmp_path / "takeout.zip"

    def verdict(files: dict[str, bytes], key: str = keys.public(), *, garbled: bool = False) -> int:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, raw in files.items():
                archive.writestr(name, raw)
        if garbled:  # the first bytes of what is packed, which come behind the name
            raw = path.read_bytes()
            at = raw.index(LINKS.encode()) + len(LINKS)
            path.write_bytes(raw[:at] + b"\xff\xff" + raw[at + 2 :])
        return verifier.main([str(path), "--key", key])

    whole = parts()
    assert verdict(whole) == 0
    assert "of affiliate:1 as of today is whole" in capsys.readouterr().out
    assert verdict({**whole, LINKS: b"id\n2\n"}) == verifier.CHANGED
    assert verdict({**whole, "more.csv": b""}) == verifier.CHANGED
    assert verdict({name: raw for name, raw in whole.items() if name != LINKS}) == verifier.CHANGED
    assert verdict(whole, key="0" * 64) == verifier.SIGNATURE
    other = whole["manifest.json"].replace(b"affiliate:1", b"affiliate:2")
    assert verdict({**whole, "manifest.json": other}) == verifier.SIGNATURE
    assert verdict(parts(**{STATEMENT: b"no statement\n"})) == verifier.STATEMENT
    assert verdict(whole, garbled=True) == verifier.UNREADABLE
    for said in (b"", b"[]", b"{}", b'{"key_id": 1}', whole["manifest.sig.json"][:-80] + b'"}'):
        assert verdict({**whole, "manifest.sig.json": said}) != 0
    assert "Cannot read it" in capsys.readouterr().err
