"""What every feed promises, whatever it carries."""

import io
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel import clock
from alliance.kernel.errors import WrongState
from commissions.queries import imports_stalled
from merchants.feeds import FEEDS, orders_csv, orders_known, products, run_feed
from merchants.feeds.matching import Bought, match
from merchants.feeds.runs import Tally
from merchants.feeds.table import Table, clean
from merchants.models import ImportIssue, Order, Product
from merchants.services.imports import import_begin, import_source, mapping_save
from tests.merchants.conftest import NOON


@dataclass
class Case:
    header: str
    good: list[str]
    bad: str
    rows: object
    columns: dict

    def file(self, *rows):
        return "\n".join([self.header, *rows, ""])


CASES = {
    "products": Case(
        "id,title,link,price",
        [f"P{n},龙井 {n},https://tea.example/{n},{n}.50 CNY" for n in range(1, 4)],
        "P9,龙井,https://elsewhere.example/9,1.00 CNY",
        Product.objects,
        {},
    ),
    "orders_csv": Case(
        "order,at,product,total",
        [f"A{n},2026-06-01 10:00,P{n},{n}.50" for n in range(1, 4)],
        "A9,2026-06-01 10:00,P9,free",
        Order.objects,
        {"order": "order", "placed_at": "at", "product": "product", "total": "total"},
    ),
    "shopify": Case(
        "Name,Financial Status,Created at,Paid at,Lineitem quantity,Lineitem name,Lineitem price",
        [f"#{n},paid,2026-06-01 10:00:00,2026-06-01 10:00:00,1,龙井,{n}.50" for n in range(1, 4)],
        "#9,paid,2026-06-01 10:00:00,2026-06-01 10:00:00,1,龙井,free",
        Order.objects,
        {},
    ),
    "woocommerce": Case(
        "order_number,order_id,order_date,status,order_total,line_item_1",
        [f"N{n},{n},2026-06-01 10:00:00,processing,1.00,sku:A|total:{n}.50" for n in range(1, 4)],
        "N9,9,2026-06-01 10:00:00,processing,1.00,sku:A|total:free",
        Order.objects,
        {},
    ),
    "taobao": Case(
        "订单编号,买家应付货款,买家实际支付金额,订单状态,订单创建时间,宝贝标题",
        [f"T{n},{n}.50,{n}.50,交易成功,2026-06-01 10:00:00,龙井" for n in range(1, 4)],
        "T9,free,1.00,交易成功,2026-06-01 10:00:00,龙井",
        Order.objects,
        {},
    ),
}


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(params=FEEDS)
def feed(request):
    return request.param


def bring(shop, feed, content):
    if isinstance(content, str):
        content = content.encode()
    mapping = mapping_save(
        merchant=shop.merchant,
        kind=FEEDS[feed].KIND,
        columns=CASES[feed].columns,
        options={},
        actor=None,
    )
    run = import_begin(
        shop=shop, kind=FEEDS[feed].KIND, filename="f.csv", file=io.BytesIO(content), actor=None
    )
    return run_feed(FEEDS[feed], run=run, mapping=mapping)


def test_a_run_says_how_far_it_is(shop, feed, monkeypatch):
    """What a page is told while a worker reads: never more than there is, and never less than
    before; all of it in the end."""
    told = []

    def save(tally, changes=()):
        tally.run.done, tally.run.total = tally.behind()
        told.append((tally.run.done, tally.run.total))
        return keep(tally, changes)

    keep = Tally.save
    monkeypatch.setattr(Tally, "save", save)
    for module, name in (
        (products, "BATCH"),
        (orders_csv, "BATCH_ORDERS"),
        (orders_known, "BATCH"),
    ):
        monkeypatch.setattr(module, name, 1)
    case = CASES[feed]
    run = bring(shop, feed, case.file(*case.good))
    run.refresh_from_db()

    assert len(told) > 1
    assert told == sorted(told)
    assert (run.done, run.total) == told[-1]
    assert run.done == run.total > 0


def test_each_feed_has_a_case():
    assert set(CASES) == set(FEEDS)


def test_a_bad_row_is_named_and_hurts_no_good_one(shop, feed):
    case = CASES[feed]
    run = bring(shop, feed, case.file(case.good[0], case.bad, "", *case.good[1:]))

    assert (run.state, run.counts["rows"], run.counts["refused"]) == ("done", 4, 1)
    assert case.rows.count() == 3
    issue = ImportIssue.objects.get()
    assert issue.line_no == 3
    assert issue.reason
    assert [cell for _name, cell in issue.raw] == case.bad.split(",")


def test_the_same_file_again_changes_nothing(shop, feed):
    case = CASES[feed]
    bring(shop, feed, case.file(*case.good))
    before = list(case.rows.values().order_by("pk"))
    run = bring(shop, feed, case.file(*case.good))

    after = list(case.rows.values().order_by("pk"))
    for rows in (before, after):
        for row in rows:
            row.pop("reported_at", None)
            row.pop("updated_at")
    assert after == before
    assert not {name for name in run.counts if name.endswith(("created", "changed"))} - {
        "unchanged",
        "orders_unchanged",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_files_as_spreadsheets_write_them(shop, feed, encoding, delimiter, newline):
    case = CASES[feed]
    text = case.file(*case.good).replace(",", delimiter).replace("\n", newline)
    run = bring(shop, feed, text.encode(encoding))

    assert (run.counts["rows"], run.counts.get("refused", 0)) == (3, 0)
    assert case.rows.count() == 3


def test_a_formula_is_only_text(shop, feed):
    case = CASES[feed]
    cells = case.good[0].split(",")
    cells[0] = "=1+1"
    run = bring(shop, feed, case.file(",".join(cells)))

    assert run.counts["rows"] == 1
    assert case.rows.get().external_id == "=1+1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b"PK\x03\x04\x14\x00",
        b'id,title\n"never closed' * 9,
    ],
    ids=["empty", "blank", "picture", "zip", "open quote"],
)
def test_what_is_no_table_fails_with_a_sentence(shop, feed, content):
    run = bring(shop, feed, content)

    assert run.state == "failed"
    assert run.failure
    assert CASES[feed].rows.count() == 0


def test_the_file_goes_when_it_was_read_and_a_run_ends_once(
    shop, feed, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        run = bring(shop, feed, CASES[feed].file(*CASES[feed].good))

    assert not default_storage.exists(f"imports/{run.pk}.csv")
    with pytest.raises(WrongState):
        run_feed(FEEDS[feed], run=run)


def test_a_run_whose_worker_died_is_read_again_from_the_start(shop, feed, monkeypatch):
    case = CASES[feed]
    content = case.file(*case.good, case.bad).encode()
    run = import_begin(
        shop=shop, kind=FEEDS[feed].KIND, filename="f.csv", file=io.BytesIO(content), actor=None
    )
    mapping = mapping_save(
        merchant=shop.merchant, kind=FEEDS[feed].KIND, columns=case.columns, options={}, actor=None
    )

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("merchants.feeds.runs.import_finish", die)
        with pytest.raises(KeyboardInterrupt):
            run_feed(FEEDS[feed], run=run, mapping=mapping)
    run_feed(FEEDS[feed], run=run, mapping=mapping)

    assert (run.state, run.issues.count(), case.rows.count()) == ("done", 1, 3)


def test_cells():
    assert [clean(c) for c in [' ="0123" ', "'456", " a ", "'tis", "=x"]] == [
        "0123", "456", "a", "'tis", "=x",
    ]  # fmt: skip


def test_rows_are_numbered_as_a_spreadsheet_does():
    table = Table(io.BytesIO(b'\n a , b ,a\n1,"two\nlines",3\n\n4,5\n6,7,8,9\n'))
    frames = list(table.chunks(2))

    assert table.header == ["a", "b", "a (2)"]
    assert [list(frame.index) for frame in frames] == [[3, 5], [6]]
    assert frames[0].iloc[1].tolist() == ["4", "5", "", ""]
    assert frames[1].iloc[0].tolist() == ["6", "7", "8", "9"]


# --- What a refund undoes -------------------------------------------------------------------------


def test_matching_is_exact_or_nothing():
    lines = st.tuples(st.integers(0, 5), st.integers(1, 9), st.integers(1, 400))

    @given(st.lists(lines, max_size=6), st.lists(lines, max_size=6))
    def check(bought, refunds):
        lines = [
            Bought(f"A{n}", "1", NOON + timedelta(days=d), Decimal(cents) / 100, q, q * cents)
            for n, (d, q, cents) in enumerate(bought)
        ]
        for day, pieces, cents in refunds:
            at = NOON + timedelta(days=day)
            before = [(one.pieces, one.minor) for one in lines]
            unit = Decimal(cents) / 100
            parts = match(lines, pieces=pieces, minor=pieces * cents, unit=unit, at=at)
            for part in parts:
                assert part.bought.placed_at <= at
                assert part.bought.unit >= unit
            if parts:
                assert sum(part.pieces for part in parts) == pieces
                assert sum(part.minor for part in parts) == pieces * cents
            else:
                assert before == [(one.pieces, one.minor) for one in lines]
            assert all(one.pieces >= 0 and one.minor >= 0 for one in lines)

    check()


@pytest.mark.django_db(transaction=True)
def test_a_run_that_nobody_got_on_with_is_found_again(shop):
    run = import_begin(
        shop=shop, kind="products", filename="p.csv", file=io.BytesIO(b"id,title\n"), actor=None
    )
    assert imports_stalled() == []
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert imports_stalled() == [(run.pk, "products")]


@pytest.mark.parametrize(
    "content",
    [
        (",".join(f"c{n}" for n in range(501)) + "\n").encode(),
        b"id,title\n" + b"x" * 200_000 + b",y\n",
        b'"' + b"y" * 200_000 + b'",title\n',
        bytes(range(256)) * 40,
    ],
)
def test_a_file_that_no_shop_wrote_is_refused_in_words(shop, content):
    run = import_begin(
        shop=shop, kind="products", filename="p.csv", file=io.BytesIO(content), actor=None
    )
    run_feed(FEEDS["products"], run=run)

    run.refresh_from_db()
    assert run.state == "failed"
    assert run.failure


def test_a_file_that_lies_where_a_new_run_keeps_its_own_is_not_read(shop, settings, tmp_path):
    """After a restore to an older dump: its number is given a second time."""
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "imports").mkdir()
    ahead = import_begin(
        shop=shop, kind="products", filename="a.csv", file=io.BytesIO(b"a"), actor=None
    )
    (tmp_path / f"imports/{ahead.pk + 1}.csv").write_bytes(b"of a time that was lost")
    run = import_begin(
        shop=shop, kind="products", filename="b.csv", file=io.BytesIO(b"ours"), actor=None
    )
    assert run.pk == ahead.pk + 1
    with import_source(run) as file:
        assert file.read() == b"ours"
