"""Product files of every layout: the same products, the same faults by name, no bomb goes off."""

import gzip
import io
import json
from datetime import timedelta

import pytest

from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from merchants.feeds import FEEDS, run_feed
from merchants.feeds import products as products_feed
from merchants.feeds.product_rows import ProductRows
from merchants.models import Category, ImportChange, ImportIssue, ImportRun, Product
from merchants.services import products
from merchants.services.imports import import_begin, import_missing_decide, imports_forget
from merchants.tasks import imports_forget as imports_forget_task
from merchants.tasks import products_end
from tests.merchants.conftest import NOON

RSS = '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Tea</title>'


@pytest.fixture(autouse=True)
def media(settings, tmp_path, noon):
    settings.MEDIA_ROOT = tmp_path


def product(number, **more):
    return {
        "id": number,
        "title": f"龙井 & co {number}",
        "link": f"https://tea.example/{number}?a=1&b=2",
        "price": "12.00 CNY",
        "image_link": "https://img.example/1.jpg",
        "availability": "in_stock",
        **more,
    }


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def csv_of(rows, mark=","):
    head = list(rows[0])
    lines = [mark.join(f'"{row.get(name, "")}"' for name in head) for row in rows]
    return "\n".join([mark.join(head), *lines]).encode()


def rss_of(rows):
    items = (
        "".join(f"<g:{name}>{escaped(text)}</g:{name}>" for name, text in row.items())
        for row in rows
    )
    return (RSS + "".join(f"<item>{item}</item>" for item in items) + "</channel></rss>").encode()


def atom_of(rows):
    def entry(row):
        row = dict(row)
        own = (
            f"<id>tag:tea.example,2026:{row['id']}</id><title>{escaped(row.pop('title'))}</title>"
            f'<link rel="self" href="https://tea.example/self"/>'
            f'<link href="{escaped(row.pop("link"))}"/>'
        )
        return own + "".join(f"<g:{n}>{escaped(text)}</g:{n}>" for n, text in row.items())

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- shop -->\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
        "<title>Tea</title>" + "".join(f"<entry>{entry(row)}</entry>" for row in rows) + "</feed>"
    ).encode()


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


LAYOUTS = {
    "csv": csv_of,
    "tsv": lambda rows: csv_of(rows, "\t"),
    "rss": rss_of,
    "atom": atom_of,
    "json list": lambda rows: json.dumps(rows).encode(),
    "json within": lambda rows: json.dumps(
        {
            "version": 1,
            "tags": ["a"],
            "resources": [{camel(name): text for name, text in row.items()} for row in rows],
        },
        indent=1,
    ).encode(),
    "json lines": lambda rows: b"\n".join(json.dumps(row).encode() for row in rows),
}  # fmt: skip


def bring(shop, content, *, full=False):
    run = import_begin(
        shop=shop, kind="products", filename="p", file=io.BytesIO(content), actor=None, full=full
    )
    return run_feed(FEEDS["products"], run=run)


def codes(run):
    return list(run.issues.values_list("line_no", "external_id", "field", "code"))


# --- Every layout ---------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_says_the_same(shop, layout):
    content = LAYOUTS[layout]([product("P1"), product("P2", availability="out of stock")])

    for packed in (content, gzip.compress(content)):
        run = bring(shop, packed)
        assert (run.state, run.failure, run.layout) == ("done", "", layout.split()[0])
        rows = Product.objects.order_by("external_id")
        assert list(
            rows.values_list("external_id", "title", "url", "price_minor", "image_url", "state")
        ) == [
            (f"P{n}", f"龙井 & co P{n}", f"https://tea.example/P{n}?a=1&b=2", 1200,
             "https://img.example/1.jpg", state)
            for n, state in ((1, "on_sale"), (2, "withdrawn"))
        ]  # fmt: skip
    assert dict(run.counts) == {"rows": 2, "unchanged": 2}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_bad_entry_is_named_and_no_good_one_is_lost(shop, layout):
    rows = [
        product("P1"),
        product("P2", price="free"),
        product("P1"),
        product("P3", link="https://evil.example/"),
        product("P4"),
        product("", title="no id"),
    ]
    run = bring(shop, LAYOUTS[layout](rows))

    first = {"csv": 2, "tsv": 2}.get(layout, 1)  # a table's header is its first row
    assert sorted(codes(run)) == [
        (first + 1, "P2", "price", "bad_price"),
        (first + 2, "P1", "id", "id_again"),
        (first + 3, "P3", "url", "invalid"),
        (first + 5, "", "id", "missing"),
    ]
    assert set(Product.objects.values_list("external_id", flat=True)) == {"P1", "P4"}
    assert dict(run.counts) == {"rows": 6, "created": 2, "refused": 4}


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in {"csv", "tsv"}])
def test_a_file_that_breaks_off_is_taken_up_to_there_and_ends_nothing(shop, layout):
    bring(shop, LAYOUTS[layout]([product(f"P{n}") for n in range(9)]))
    content = LAYOUTS[layout]([product("P0", title="New"), product("P1"), product("P2")])

    run = bring(shop, content[: content.rindex(b"P2")], full=True)

    if layout == "json lines":  # each line stands alone: the broken one is refused
        assert (run.state, run.counts["refused"], run.missing) == ("done", 1, "")
    else:
        assert (run.state, run.missing) == ("failed", "")
        assert "entry 2" in run.failure
    assert Product.objects.get(external_id="P0").title == "New"
    assert not Product.objects.exclude(ends_at=None).exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><rss><item>&b;</item></rss>',
         "document type"),
        (b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><rss/>', "document type"),
        (b"<!DOCTYPE html><html><body>Please sign in</body></html>", "web page"),
        (b"<html><body>Please sign in</body></html>", "web page"),
        (b"<rss><channel/></rss>", "no entries"),
        (b"<rss>" + b"<a>" * 70 + b"<item/>", "no plain XML"),
        (b'<rss><item x="' + b"y" * (3 << 20), "no plain XML"),
        (b"<rss><item><id>" + b"y" * (2 << 20) + b"</id></item></rss>", "too large"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a": {"b": 1}}', "no JSON"),
        (b'[{"id": "' + b"y" * (3 << 20), "no JSON"),
        (gzip.compress(b"id,title,link,price\n" * 99)[:-20], "breaks off"),
    ],
    ids=["entities", "outside", "html", "page", "empty", "deep", "tag", "text", "nested", "object",
         "endless", "gzip"],
)  # fmt: skip
def test_what_is_no_product_file_is_said_in_words(shop, content, words):
    run = bring(shop, content)
    assert run.state == "failed"
    assert words in run.failure
    assert not Product.objects.exists()


def test_a_bomb_of_gzip_is_given_up_before_it_fills_the_disk(shop, monkeypatch):
    monkeypatch.setattr("merchants.feeds.product_files.LARGEST", 1 << 20)
    run = bring(shop, gzip.compress(b"x" * (9 << 20)))
    assert "larger than is taken" in run.failure


@pytest.mark.parametrize("layout", LAYOUTS)
def test_large_entries_are_taken_a_few_at_a_time(shop, monkeypatch, layout):
    monkeypatch.setattr("merchants.feeds.products.LARGEST_BATCH", 1_000)
    monkeypatch.setattr("merchants.feeds.table.LARGEST_CHUNK", 1_000)
    taken = []
    save = products_feed.products_save

    def counted(**given):
        taken.append(len(given["products"]))
        return save(**given)

    monkeypatch.setattr(products_feed, "products_save", counted)
    rows = [product(f"P{n}", description="x" * 600) for n in range(5)]
    run = bring(shop, LAYOUTS[layout](rows))

    assert (run.counts, max(taken)) == ({"rows": 5, "created": 5}, 2)


def test_a_file_has_an_end(shop, monkeypatch):
    monkeypatch.setattr("merchants.feeds.products.MOST", 2)
    monkeypatch.setattr("merchants.feeds.products.BATCH", 2)
    bring(shop, csv_of([product("P1")]), full=True)
    run = bring(shop, csv_of([product(f"Q{n}") for n in range(9)]), full=True)

    assert (run.state, run.failure) == ("failed", "A file may have at most 2 products.")
    assert not Product.objects.exclude(ends_at=None).exists()


def test_a_line_without_end_is_not_read_into_memory(shop, monkeypatch):
    monkeypatch.setattr("merchants.feeds.table.LONGEST_LINE", 1_000)
    run = bring(shop, gzip.compress(b"id" * 1_000))

    assert (run.state, run.failure) == ("failed", "A line of the file is too long.")


@pytest.mark.parametrize("code", ["bz2", "zlib", "hex", "rot13", "undefined", "punycode", "utf-7"])
def test_xml_in_no_code_of_writing_is_refused(shop, code):
    run = bring(shop, f'<?xml version="1.0" encoding="{code}"?><rss></rss>'.encode())

    assert run.state == "failed"
    assert "This is no plain XML file." in run.failure


def test_what_no_database_keeps_loses_no_good_product(shop):
    odd = [
        '{"id": "P1", "ti\\u0000tle": "a\\ud800b", "x\\ud800": "", "link": "?"}',
        '"\\udfff\\u0000"',
    ]
    good = json.dumps(product("P2", title="龙\x00井\ud800"))
    run = bring(shop, "\n".join([*odd, good]).encode())

    assert run.state == "done"
    assert codes(run) == [(1, "P1", "price", "missing"), (2, "", "", "bad_json")]
    assert Product.objects.get().title == "龙井"


def test_bytes_that_are_no_text_end_the_file_in_words(shop):
    lines = [json.dumps(product(f"P{n}")).encode() for n in range(2)]
    run = bring(shop, b"\n".join([*lines, b'{"id": "\xff\xff"}']))

    assert (run.state, run.failure) == ("failed", "This file cannot be read as a table.")


def test_chinese_shops_write_xml_in_gbk(shop):
    text = rss_of([product("P1", title="西湖龙井")]).decode()
    bring(shop, ('<?xml version="1.0" encoding="GBK"?>' + text).encode("gbk"))
    assert Product.objects.get().title == "西湖龙井"


# --- What the words mean --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12", 1200), ("12.00 CNY", 1200), ("CNY 12.00", 1200), ("12,00", 1200), ("¥12.5", 1250),
        ("12.345", 1235), ("1,299.00 CNY", 129900), ("1.299,00 CNY", 129900), ("1,299", 129900),
        ("12.00元", 1200), ("12.00cny", 1200),
    ],
)  # fmt: skip
def test_prices_as_shops_write_them(db, text, minor):
    rows = ProductRows(currency="CNY", has_plan=False)
    assert rows.offer(product("P1", price=text)).data.price_minor == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [("€12", "other_currency"), ("12 USD", "other_currency"), ("1,2,3", "bad_price"),
     ("CNY", "bad_price"), ("12 CNY CNY", "bad_price"), ("１２", "bad_price"), ("+5", "bad_price")],
)  # fmt: skip
def test_what_is_no_price(shop, text, code):
    run = bring(shop, json.dumps([product("P1", price=text)]).encode())
    assert codes(run) == [(1, "P1", "price", code)]


def test_an_amount_of_googles_json_is_a_price(shop):
    bring(shop, json.dumps([product("P1", price={"value": 12.5, "currency": "CNY"})]).encode())
    assert Product.objects.get().price_minor == 1250


@pytest.mark.parametrize(
    ("span", "price", "turns_in"),
    [
        ("", 900, None),
        ("2026-06-01T00:00+0800/2026-06-02T00:00+0800", 900, timedelta(hours=12)),
        ("2026-06-01/2026-06-02", 900, timedelta(hours=12)),  # the alliance's days
        ("2026-06-01T13:00+0800/2026-06-02T00:00+0800", 1200, timedelta(hours=1)),
        ("2026-05-01T13:00+0800/2026-05-02T00:00+0800", 1200, None),
        ("2026-05-01/9999-12-31T23:59-1200", 900, None),  # never
    ],
)
def test_the_price_is_the_one_in_force(db, span, price, turns_in):
    said = product("P1", sale_price="9.00 CNY", sale_price_effective_date=span)
    offer = ProductRows(currency="CNY", has_plan=False).offer(said)
    assert offer.data.price_minor == price
    assert offer.turns_at == (NOON + turns_in if turns_in else None)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"sale_price": "13.00 CNY"}, "sale_price"),
        ({"sale_price": "9.00", "sale_price_effective_date": "soon"}, "sale_price_effective_date"),
        ({"availability": "perhaps"}, "availability"),
        ({"category": "spaceships"}, "category"),
        ({"image_link": "ftp://img.example/1"}, "image_url"),
    ],
)
def test_a_fault_names_its_field(shop, more, field):
    run = bring(shop, json.dumps([product("P1", **more)]).encode())
    assert [row[2] for row in codes(run)] == [field]


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        ({"google_product_category": "2073"}, "tea"),
        ({"google_product_category": "Food > Beverages > Tea & Infusions"}, "tea"),
        ({"product_type": "Home > Drinks > 茶 > Green"}, "tea"),
        ({"product_type": "Home|Kettles", "google_product_category": "Food / Tea"}, "tea"),
        ({"product_type": "Spaceships", "google_product_category": "999999"}, None),
    ],
)
def test_categories_of_others_become_ours_where_they_can(shop, category, more, slug):
    Category.objects.filter(slug="tea").update(google_ids=[2073])
    bring(shop, json.dumps([product("P1", **more)]).encode())
    found = Product.objects.get().category
    assert (found.slug if found else None) == slug


def test_what_a_file_does_not_say_stays(shop, category):
    products.product_save(
        shop=shop,
        data=products.ProductData(
            "P1", "龙井", "https://tea.example/P1", 100, title_en="Longjing", category="tea"
        ),
        actor=None,
    )
    bring(shop, csv_of([product("P1", product_type="Spaceships", brand="")]))
    row = Product.objects.get()
    assert (row.title, row.title_en, row.category.slug) == ("龙井 & co P1", "Longjing", "tea")


@pytest.mark.parametrize(
    ("text", "gtin"),
    [("6901234567892", "6901234567892"), ("690-1234 567892", "6901234567892"),
     ("6901234567893", ""), ("no", ""), ("4006381333931", "4006381333931")],
)  # fmt: skip
def test_variants_and_trade_numbers_are_kept(shop, text, gtin):
    bring(shop, json.dumps([product("P1", gtin=text, item_group_id="TEA")]).encode())
    assert Product.objects.values_list("gtin", "group_id").get() == (gtin, "TEA")


# --- What changed ---------------------------------------------------------------------------------


def changes(run):
    return list(run.changes.order_by("external_id").values_list("external_id", "kind", "fields"))


def test_a_run_reports_what_it_changed(shop):
    bring(shop, csv_of([product("P1"), product("P2"), product("P3")]))
    run = bring(
        shop,
        csv_of(
            [
                product("P1", price="11.00 CNY"),
                product("P2"),
                product("P3", availability="out_of_stock"),
                product("P4"),
            ]
        ),
    )
    assert changes(run) == [
        ("P1", "changed", {"price": ["12.00", "11.00"]}),
        ("P3", "withdrawn", {"state": ["on_sale", "withdrawn"]}),
        ("P4", "new", {}),
    ]
    assert dict(run.counts) == {
        "rows": 4, "changed": 1, "withdrawn": 1, "created": 1, "unchanged": 1,
    }  # fmt: skip
    run = bring(shop, csv_of([product("P3")]))
    assert changes(run) == [("P3", "back", {"state": ["withdrawn", "on_sale"]})]


def test_what_a_full_file_lists_no_more_ends_with_the_next_day_and_comes_back(shop):
    bring(shop, csv_of([product(f"P{n}") for n in range(4)]))
    # A refused line still says that the product is there.
    rest = [product("P0"), product("P1"), product("P2", price="free")]
    run = bring(shop, csv_of(rest), full=True)

    gone = Product.objects.get(external_id="P3")
    assert (run.missing, run.counts["missing"]) == ("ending", 1)
    assert changes(run) == [("P3", "ending", {})]
    two_days_on = clock.day_start(clock.business_day(NOON)) + timedelta(days=2)
    assert (gone.state, gone.ends_at) == ("on_sale", two_days_on)
    again = bring(shop, csv_of(rest), full=True)
    assert (again.missing, changes(again)) == ("", [])  # it is ending already

    with clock.at(gone.ends_at - timedelta(seconds=1)):
        products_end()
        gone.refresh_from_db()
        assert gone.state == "on_sale"
    with clock.at(gone.ends_at):
        products_end()
        products_end()
        gone.refresh_from_db()
        assert gone.state == "withdrawn"
        run = bring(shop, csv_of([product(f"P{n}") for n in range(4)]), full=True)
        gone.refresh_from_db()
        assert (gone.state, gone.ends_at) == ("on_sale", None)
        assert [(number, kind) for number, kind, _fields in changes(run)] == [("P3", "back")]


def test_one_that_is_listed_again_in_time_never_ends(shop):
    bring(shop, csv_of([product("P1"), product("P2")]))
    bring(shop, csv_of([product("P1")]), full=True)
    run = bring(shop, csv_of([product("P1"), product("P2")]), full=True)
    assert [kind for _number, kind, _fields in changes(run)] == ["back"]
    with clock.at(NOON + timedelta(days=9)):
        products_end()
    assert not Product.objects.filter(state="withdrawn").exists()


def test_a_file_that_is_not_full_ends_nothing(shop):
    bring(shop, csv_of([product("P1"), product("P2")]))
    bring(shop, csv_of([product("P1")]))
    assert not Product.objects.exclude(ends_at=None).exists()


def test_a_line_without_an_id_may_be_any_product_so_nothing_ends(shop):
    bring(shop, csv_of([product("P1"), product("P2"), product("P3")]))
    run = bring(shop, csv_of([product("P1"), product("P2"), product("")]), full=True)
    assert (run.missing, run.counts["refused"]) == ("", 1)
    assert not Product.objects.exclude(ends_at=None).exists()


@pytest.mark.parametrize("end", [True, False])
def test_a_file_that_shrank_by_half_asks_a_person_once(shop, end):
    bring(shop, csv_of([product(f"P{n}") for n in range(5)]))
    run = bring(shop, csv_of([product("P0"), product("P1")]), full=True)
    assert (run.missing, run.counts["missing"]) == ("asked", 3)
    assert not Product.objects.exclude(ends_at=None).exists()

    import_missing_decide(run=run, end=end, actor=None)
    assert Product.objects.exclude(ends_at=None).count() == (3 if end else 0)
    with pytest.raises(WrongState):
        import_missing_decide(run=run, end=True, actor=None)


def test_a_full_file_that_is_read_late_ends_nothing(shop):
    bring(shop, csv_of([product(f"P{n}") for n in range(3)]))
    old, new = (
        import_begin(
            shop=shop, kind="products", filename="p", file=io.BytesIO(csv_of(rows)), actor=None,
            full=True,
        )
        for rows in ([product("P0"), product("P1")], [product(f"P{n}") for n in range(4)])
    )  # fmt: skip
    for run in (new, old):
        run_feed(FEEDS["products"], run=run)
    assert (old.state, old.missing) == ("done", "")
    assert not Product.objects.exclude(ends_at=None).exists()


def test_a_newer_file_answers_the_question(shop):
    bring(shop, csv_of([product(f"P{n}") for n in range(5)]))
    run = bring(shop, csv_of([product("P0")]), full=True)
    bring(shop, csv_of([product(f"P{n}") for n in range(5)]), full=True)
    with pytest.raises(WrongState):
        import_missing_decide(run=run, end=True, actor=None)
    assert not Product.objects.exclude(ends_at=None).exists()


def test_no_feed_brings_back_what_a_person_withdrew(shop):
    bring(shop, csv_of([product("P1")]))
    products.product_withdraw(product=Product.objects.get(), actor=None)
    run = bring(shop, csv_of([product("P1", price="1.00 CNY")]))

    row = Product.objects.get()
    assert (row.state, row.price_minor, changes(run)[0][1]) == ("withdrawn", 100, "changed")
    products.product_restore(product=row, actor=None)
    bring(shop, csv_of([product("P1", availability="out_of_stock")]))
    assert Product.objects.get().state == "withdrawn"
    bring(shop, csv_of([product("P1")]))
    assert Product.objects.get().state == "on_sale"


def test_what_runs_said_of_single_rows_is_forgotten_in_time(shop):
    bring(shop, csv_of([product("P1"), product("P2", price="free")]))
    with clock.at(NOON + timedelta(days=89)):
        assert imports_forget() == 0
    with clock.at(NOON + timedelta(days=91)):
        imports_forget_task()
    assert not ImportChange.objects.exists()
    assert not ImportIssue.objects.exists()
    assert ImportRun.objects.get().counts["created"] == 1
