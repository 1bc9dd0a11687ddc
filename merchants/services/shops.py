"""Shops and the domains buyers may be sent to."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from publicsuffixlist import PublicSuffixList

from alliance.kernel import audit
from alliance.kernel.access import api_key_issue
from alliance.kernel.errors import Invalid
from alliance.kernel.hosts import ascii_host
from alliance.kernel.models import ApiKey, User
from merchants.models import Merchant, MerchantState, Shop

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_DOMAINS_LOCK = 0x746B646F  # any number of our own: "tkdo"


@transaction.atomic
def shop_create(
    *,
    merchant: Merchant,
    name: str,
    domains: Sequence[str],
    actor: User | None,
    score_centi: int = 0,
) -> Shop:
    """A shop on these domains. Raises Invalid for what is no domain or is another merchant's."""
    shop = Shop(merchant=merchant, score_centi=score_centi)
    _fill(shop, name, domains)
    shop.save()
    audit.record("shop.created", shop, actor=actor, name=shop.name, domains=shop.domains)
    return shop


@transaction.atomic
def shop_change(*, shop: Shop, name: str, domains: Sequence[str], actor: User | None) -> None:
    """Another name or other domains. Products outside of them stay, but links to them end."""
    _fill(shop, name, domains)
    shop.save(update_fields=["name", "domains"])
    audit.record("shop.changed", shop, actor=actor, name=shop.name, domains=shop.domains)


def shop_key_issue(*, actor: User, shop: Shop) -> tuple[ApiKey, str]:
    """A key with which the shop's server reports conversions, and nothing else; its token is shown
    this once. Older keys of the shop go on working until they are revoked."""
    return api_key_issue(
        actor=actor,
        organisation=f"shop:{shop.pk}",
        name=shop.name[:60],
        scopes=["conversions:write"],
    )


@transaction.atomic
def shop_score(*, shop: Shop, score_centi: int, actor: User | None) -> None:
    """The buyers' rating times 100, at most 500."""
    if not 0 <= score_centi <= 500:
        raise Invalid(_("A shop score lies between 0 and 5."), field="score_centi")
    shop.score_centi = score_centi
    shop.save(update_fields=["score_centi"])
    audit.record("shop.scored", shop, actor=actor, score_centi=score_centi)


def _fill(shop: Shop, name: str, domains: Sequence[str]) -> None:
    shop.name = name.strip()
    if not shop.name:
        raise Invalid(_("Give the shop a name."), field="name")
    shop.domains = sorted({domain_normalise(domain) for domain in domains if domain.strip()})
    if not shop.domains:
        raise Invalid(_("A shop needs at least one domain."), field="domains")
    domains_claim(merchant=shop.merchant, domains=shop.domains)


def domain_normalise(text: str) -> str:
    """'https://Shop.Example.com/x' → 'shop.example.com'; Invalid if that is no host on the net."""
    text = text.strip()
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        host, port = "", None
    if port is not None or parts.username is not None or not _is_domain(host):
        raise Invalid(
            _("“%(text)s” is not a domain name such as shop.example.com.") % {"text": text},
            field="domains",
        )
    return host


def _is_domain(host: str) -> bool:
    labels = host.split(".")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return False
    if not settings.PRODUCTION and labels[-1] == "localhost":
        return all(_LABEL.fullmatch(label) for label in labels)
    if len(host) > 253 or len(labels) < 2 or labels[-1] in {"localhost", "local", "internal"}:
        return False
    if labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    # "co.uk" or "myshopify.com" would cover the shops of everybody else there.
    return not _public_suffixes().is_public(host)


@cache
def _public_suffixes() -> PublicSuffixList:
    """The list that browsers go by, as its package carries it; read when first asked for."""
    return PublicSuffixList()


def domains_claim(*, merchant: Merchant, domains: Iterable[str]) -> None:
    """Inside a transaction: make sure that no other merchant trades on these domains.

    An application does not block a domain (anybody can apply); the approval asks again.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DOMAINS_LOCK])
    taken = Shop.objects.filter(
        merchant__state__in=[MerchantState.ACTIVE, MerchantState.FROZEN]
    ).exclude(merchant=merchant)
    for theirs in taken.values_list("domains", flat=True):
        for domain in domains:
            if any(host_within(domain, [t]) or host_within(t, [domain]) for t in theirs):
                raise Invalid(
                    _("The domain %(domain)s belongs to another merchant.") % {"domain": domain},
                    field="domains",
                )


def host_within(host: str, domains: Iterable[str]) -> bool:
    """True if the host is one of the domains or lies below one."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def url_of_shop(url: str, domains: Iterable[str]) -> str:
    """The address, if it is http(s) and leads to one of the domains; Invalid otherwise."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host = ascii_host(parts.hostname or "")
        named_user = parts.username is not None or parts.password is not None
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        host, named_user = "", True
    # A browser reads "\" as "/" and drops control characters; nobody else may read it otherwise.
    odd = any(ord(char) <= 32 or char in "\\\x7f" for char in url)
    if odd or named_user or parts.scheme not in {"http", "https"} or not host:
        raise Invalid(_("This is not a web address."), field="url")
    if not host_within(host, domains):
        raise Invalid(
            _("The address lies outside the shop's domains (%(domains)s).")
            % {"domains": ", ".join(domains)},
            field="url",
        )
    return url
