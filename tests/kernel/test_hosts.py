"""One reading of a host's name, for shops' domains and for where links lead."""

import pytest

from affiliates.destinations import in_domains
from alliance.kernel.errors import Invalid
from alliance.kernel.hosts import ascii_host
from merchants.services.shops import domain_normalise, url_of_shop


@pytest.mark.parametrize(
    ("host", "plain"),
    [
        ("Shop.Example.", "shop.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("茶.example", "xn--cl1a.example"),
        ("xn--strae-oqa.de", "xn--strae-oqa.de"),
        ("a_b.shop.example", "a_b.shop.example"),
    ],
)
def test_a_name_is_read_as_a_browser_reads_it(host, plain):
    assert ascii_host(host) == plain


MISREAD = [
    "straße.de",  # "strasse.de" to IDNA 2003, a domain of its own to browsers
    "βόλος.gr",
    "stra\u200dsse.de",
    "sho\u00adp.example",
    "𝐬hop.example",
    "shop。example",
    "evil.com%2f.shop.example",
    "evil.com%40.shop.example",
    "evil.com<.shop.example",
    "evil.com;.shop.example",
    "shop.example..",
    "",
]


@pytest.mark.parametrize("host", MISREAD)
def test_what_others_may_read_differently_is_no_host(host):
    domains = ["strasse.de", "shop.example"]

    assert ascii_host(host) == ""
    assert not in_domains(f"https://{host}/", domains)
    with pytest.raises(Invalid):
        url_of_shop(f"https://{host}/", domains)
    with pytest.raises(Invalid):
        domain_normalise(host)
