"""What is read out of a pasted text. Pure: no database."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliates.pasted import LONGEST, MOST, Kind, addresses_within, things_in

HOME = "https://alliance.example"
CODE = "k7m2x9p4ab"
ADDRESS = "https://shop.example/p/1"


def read(text: str, home: str = HOME) -> list[tuple[str, str]]:
    return [(str(thing.kind), thing.value) for thing in things_in(text, home)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (ADDRESS, [ADDRESS]),
        (f"  {ADDRESS}?id=3&a=b#top \n", [f"{ADDRESS}?id=3&a=b#top"]),
        (f"快看这个!{ADDRESS},很便宜", [ADDRESS]),
        (f"好茶{ADDRESS}快来买", [ADDRESS]),
        (f"【限时】{ADDRESS}。今晚结束!", [ADDRESS]),
        (f"🔥🔥{ADDRESS}🔥 only today", [ADDRESS]),
        (f"（{ADDRESS}）、<{ADDRESS}?a=1>", [ADDRESS, f"{ADDRESS}?a=1"]),
        (f"Look ({ADDRESS}). And [this]({ADDRESS}2)!", [ADDRESS, f"{ADDRESS}2"]),
        ("https://shop.example/tea_(green)", ["https://shop.example/tea_(green)"]),
        ("ｈｔｔｐｓ：／／ｓｈｏｐ．ｅｘａｍｐｌｅ／ｐ／１", [ADDRESS]),
        ("链接：https://shop.example/p/1？真的吗", [ADDRESS]),
        ("HTTPS://Shop.Example/P", ["HTTPS://Shop.Example/P"]),
        ("https://茶叶.example/p/1，好", ["https://茶叶.example/p/1"]),
        ("https://shop.example\u200b/p/1\ufeff", [ADDRESS]),
        ("https://shop.example:8443/p", ["https://shop.example:8443/p"]),
        ("https://me@evil.example/p", ["https://me@evil.example/p"]),
        ("shop.example/p/1 or www.shop.example", [ADDRESS, "https://www.shop.example"]),
        ("write to lin@shop.example", []),
        ("ftp://shop.example/p", []),
        ("Only 19.90, was 1.299,00 e.g. today", []),
    ],
)
def test_addresses_are_found_in_what_people_write(text, values):
    assert read(text) == [("address", value) for value in values]


def test_signs_that_may_belong_to_an_address_are_kept_beside_it():
    (thing,) = things_in("https://shop.example/p/茶-1?a=1 好", HOME)
    assert (thing.value, thing.longer) == (
        "https://shop.example/p/", "https://shop.example/p/茶-1?a=1",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"https://alliance.example/r/{CODE}",
        f"alliance.example/s/{CODE}",
        f"http://alliance.example/r/{CODE}?sub1=a",
        f"￥{CODE}￥",
        f"¥{CODE.upper()}¥",
        f"7.9 fu:/ ￥{CODE}￥ 复制这段话，打开联盟",
        f"好价€ {CODE} €快抢",
    ],
)
def test_our_links_and_share_codes_are_codes(text):
    assert read(text) == [("code", CODE)]


def test_the_home_of_a_demo_has_a_port():
    assert read(f"localhost:8000/r/{CODE}", "http://localhost:8000") == [("code", CODE)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://alliance.example/affiliate/products/12/?plan=3", [("product", "12")]),
        ("/affiliate/products/12/", [("product", "12")]),
        ("https://alliance.example/affiliate/orders/12/", []),
        ("https://evil.example/affiliate/products/12/",
         [("address", "https://evil.example/affiliate/products/12/")]),
        ("615233", [("number", "615233")]),
        ("商品ID：AB-12.3", [("number", "AB-12.3")]),
        ("#615233\n615234", [("number", "615233"), ("number", "615234")]),
        ("P1, P2，P3、P1", [("number", "P1"), ("number", "P2"), ("number", "P3")]),
        ("iPhone 15", []),
        ("只要 199", []),
        ("good tea", []),
        ("", []),
    ],
)  # fmt: skip
def test_numbers_count_where_nothing_else_is_on_the_line(text, found):
    assert read(text) == found


def test_a_whole_message_keeps_its_order_and_says_nothing_twice():
    text = f"""今晚8点！！🎁
    1️⃣ 绿茶 券后¥149 👉{ADDRESS}?x=1
    2️⃣ 红茶：￥{CODE}￥（复制打开）
    3️⃣ {ADDRESS}?x=1
    615233
    """
    assert read(text) == [("address", f"{ADDRESS}?x=1"), ("code", CODE), ("number", "615233")]


def test_a_tracking_link_of_others_carries_where_it_leads():
    inner = "https%3A%2F%2Fshop.example%2Fp%2F1%3Fa%3D1"
    assert addresses_within(f"https://go.example/?pid=1&url={inner}&x=javascript:1") == [
        f"{ADDRESS}?a=1"
    ]
    assert addresses_within("https://[go.example/?url=https://a.b") == []


def test_no_more_is_taken_than_ten():
    text = "\n".join(f"{ADDRESS}{n}" for n in range(50))
    assert len(things_in(text, HOME)) == MOST


@pytest.mark.parametrize(
    "piece",
    ["a", "a.", "a-", "https://", "https://a@", "http://a.a", "￥", "￥k7m2x9p4a", "1 ", "a.a/",
     "((", "https://a.a/(", ")", "茶", "https://茶.",
     "\n", "alliance.example/", "@", "#", "id:", "1️⃣"],
)  # fmt: skip
def test_a_hostile_text_takes_time_by_its_length_and_no_more(piece):
    """Twice the text takes twice the time; where it takes four times, a pattern runs away."""

    def spent(length: int) -> float:
        text, best = piece * (length // len(piece)), 9.0
        for _again in range(3):  # what the collector does in between is not the text's
            started = time.process_time()
            assert len(things_in(text, HOME)) <= MOST
            best = min(best, time.process_time() - started)
        return best

    assert spent(LONGEST) < 3 * spent(LONGEST // 2) + 0.02


@given(st.text(alphabet="ah t:/.@?#￥¥k7茶，1\n()-", max_size=80))
def test_whatever_is_pasted_nothing_breaks(text):
    for thing in things_in(text, HOME):
        assert thing.value
        assert thing.kind in Kind
