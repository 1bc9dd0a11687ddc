"""Keys and certificates as the settings are given them: the PEM text itself, or a file's path."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def pem(value: str) -> str:
    """The PEM text. On one line, as environment files want it, `\\n` stands for a line's end."""
    if "-----BEGIN" in value:
        return value.replace("\\n", "\n")
    try:
        return Path(value).read_text() if value else ""
    except (OSError, UnicodeDecodeError):
        return ""


def is_rsa(text: str, *, private: bool = False) -> bool:
    """Whether the text is an RSA key of 2048 bits or more: private, public, or a certificate's."""
    try:
        if private:
            key: object = serialization.load_pem_private_key(text.encode(), password=None)
        elif "CERTIFICATE" in text:
            key = x509.load_pem_x509_certificate(text.encode()).public_key()
        else:
            key = serialization.load_pem_public_key(text.encode())
    except (ValueError, TypeError):
        return False
    kind = rsa.RSAPrivateKey if private else rsa.RSAPublicKey
    return isinstance(key, kind) and key.key_size >= 2048
