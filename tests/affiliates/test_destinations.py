"""Where a link may lead, and how the click id is added to it."""

from urllib.parse import parse_qs, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliates.destinations import host_of, in_domains, with_click_id, without_click_id

DOMAINS = ["shop.example", "茶.example"]


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "http://shop.example/p/1?a=b#c",
        "https://SHOP.example:8443/",
        "https://shop.example./",
        "https://www.shop.example/",
        "https://xn--cl1a.example/",
        "https://茶.example/绿茶",
    ],
)
def test_the_shops_own_addresses_are_in(url):
    assert in_domains(url, DOMAINS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/p/1",
        "//evil.example/shop.example",
        "https:shop.example",
        "https:///shop.example",
        "javascript:alert(1)//shop.example",
        "ftp://shop.example/",
        "https://evil.example/?shop.example",
        "https://evil.example#.shop.example",
        "https://notshop.example/",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "https://evil.example\\@shop.example/",
        "https://evil.example\\.shop.example/",
        "https://shop.example\t.evil.example/",
        "https://shop.example/\r\nSet-Cookie: a=b",
        "https://shop.example/ a",
        "https://[::1/",
        "https://shop.example:port/",
        "https://" + "a" * 70 + "ü.example/",
    ],
)
def test_other_addresses_are_out(url):
    assert not in_domains(url, DOMAINS)


def test_a_shop_without_domains_is_nowhere():
    assert not in_domains("https://shop.example/", [])
    assert not in_domains("https:///", [""])
    assert host_of("https:///x") == ""


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://s.cn", "https://s.cn?click_id=X"),
        ("https://s.cn/", "https://s.cn/?click_id=X"),
        ("https://s.cn/?", "https://s.cn/?click_id=X"),
        ("https://s.cn/p?a=1&b=&b=2&c", "https://s.cn/p?a=1&b=&b=2&c&click_id=X"),
        ("https://s.cn/p#top?x=1", "https://s.cn/p?click_id=X#top?x=1"),
        ("https://s.cn/p?q=%E8%8C%B6+a%2fb#!/a", "https://s.cn/p?q=%E8%8C%B6+a%2fb&click_id=X#!/a"),
        ("https://s.cn/p?click_id=old&a=1", "https://s.cn/p?a=1&click_id=X"),
        ("https://s.cn/p?a=1&click%5Fid=o&click_id", "https://s.cn/p?a=1&click_id=X"),
        ("https://s.cn/p?my_click_id=1", "https://s.cn/p?my_click_id=1&click_id=X"),
        ("https://s.cn/p?u=a?click_id=1", "https://s.cn/p?u=a?click_id=1&click_id=X"),
    ],
)
def test_the_click_id_disturbs_nothing_else(url, sent):
    assert with_click_id(url, "X") == sent


def test_a_copied_click_id_is_dropped():
    assert without_click_id("https://s.cn/p?click_id=1") == "https://s.cn/p"
    assert without_click_id("https://s.cn/p?click_id=1&a#b") == "https://s.cn/p?a#b"
    assert without_click_id("https://s.cn/p?&a=1&&b") == "https://s.cn/p?&a=1&&b"


# Characters that mean something in an address, and some that do not.
_anything = st.text("ab1=&?/;%+._~!$'()*,:@-é茶", max_size=30)
_pairs = st.lists(
    st.one_of(
        st.tuples(_anything.filter(lambda text: "&" not in text), st.just("")),
        st.sampled_from([("click_id", "=1"), ("click%5Fid", "=x"), ("click_id", "")]),
    ),
    max_size=6,
)


@given(_anything, _pairs, st.one_of(st.just(""), _anything.map("#{}".format)))
def test_whatever_the_shop_has_in_its_address_stays_byte_for_byte(path, pairs, fragment):
    """But for click ids that were copied along: there is exactly one, ours."""
    path = path.replace("?", "")
    query = "&".join(name + value for name, value in pairs)
    sent = with_click_id(f"https://s.cn/{path}{'?' if query else ''}{query}{fragment}", "X")

    before, hash_sign, after = sent.partition("#")
    assert hash_sign + after == fragment
    address, _mark, said = before.partition("?")
    assert address == f"https://s.cn/{path}"
    kept = [one for one in query.split("&") if unquote(one.partition("=")[0]) != "click_id"]
    assert said.split("&") == [*(kept if "&".join(kept) else []), "click_id=X"]
    assert parse_qs(said)["click_id"] == ["X"]
    assert with_click_id(sent, "Y") == sent.replace("click_id=X", "click_id=Y")
