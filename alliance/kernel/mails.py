"""E-mails of ours: text, to one person, in a language that the caller has chosen."""

from django.core.mail import send_mail


def tell(address: str, subject: str, text: str) -> None:
    """Names are typed by people: a line break in one must neither add a header nor, refused by
    the mail library, keep somebody from being told."""
    send_mail(" ".join(subject.split()), text, None, [address])
