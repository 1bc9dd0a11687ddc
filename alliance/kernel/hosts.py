"""The name of a host, read as browsers read it: what we check must be where the buyer lands."""

import re
import unicodedata

_PLAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", re.ASCII)


def ascii_host(host: str) -> str:
    """The host in lower-case ASCII; "" for what is none or what others may read differently.

    Python's IDNA takes "straße.de" for "strasse.de", a browser for another domain; and "%2f" or
    "<" in a name are read in as many ways as there are readers. A name that does not survive the
    way to ASCII and back is refused: whoever means it writes it in its plain form.
    """
    host = host.strip().removesuffix(".").lower()
    if host != unicodedata.normalize("NFKC", host):
        return ""
    try:
        plain = host.encode("idna").decode()
        if not host.isascii() and plain.encode().decode("idna") != host:
            return ""
    except UnicodeError:
        return ""
    return plain if _PLAIN.fullmatch(plain) else ""
