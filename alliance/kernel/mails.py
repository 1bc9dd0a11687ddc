"""E-mails of ours: to one person, in a language that the caller has chosen; as text, and the same
words dressed as HTML."""

from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation


def tell(
    address: str,
    subject: str,
    text: str,
    *,
    link: str = "",
    footer: str = "",
    headers: Mapping[str, str] | None = None,
    connection: Any = None,
) -> None:
    """`link` stands below the text, as a button where the mail is shown dressed.

    Names are typed by people: a line break in one must neither add a header nor, refused by the
    mail library, keep somebody from being told; and an address among what others typed must not
    become a button of ours."""
    subject = " ".join(subject.split())
    text = "\n\n".join(filter(None, (text, link)))
    body = f"{text}\n\n-- \n{footer}" if footer else text
    message = EmailMultiAlternatives(
        subject, body, None, [address], headers=dict(headers or {}), connection=connection
    )
    message.attach_alternative(dressed(subject, text, footer, link), "text/html")
    message.send()


def dressed(subject: str, text: str, footer: str = "", link: str | None = None) -> str:
    """The text as HTML: the paragraph that is the `link` is a button. None: each that is nothing
    but an address, where the whole text is ours."""
    paragraphs = [
        ("", part) if _is_button(part, link) else (part, "")
        for part in filter(None, map(str.strip, text.split("\n\n")))
    ]
    return render_to_string(
        "account/email/dressed.html",
        {
            "paragraphs": paragraphs,
            "subject": subject,
            "footer": footer,
            "language": translation.get_language(),
        },
    )


def _is_button(part: str, link: str | None) -> bool:
    if link is None:
        return part.startswith("http") and len(part.split()) == 1
    return part == link
