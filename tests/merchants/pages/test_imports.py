"""Files that a merchant brings, and what is said of their rows."""

import csv

from merchants.models import ImportRun, Shop
from merchants.tasks import products_import
from tests.merchants.pages.room import signed_in, upload, url


def test_a_file_is_brought_read_and_its_refused_rows_downloaded(room, shop):
    content = (
        "id,title,link,price\n"
        "P1,龙井,https://tea.example/1,1.00 CNY\n"
        '=1+1,"=HYPERLINK(""x"")",https://evil.example/2,2.00 CNY\n'
    )
    answer = room.post(url("imports"), {"shop": shop.pk, "file": upload(content)})
    run = ImportRun.objects.get()
    assert answer["Location"] == url("import_run", run.pk)
    waiting = room.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert "It waits for its turn." in waiting
    assert '<progress class="progress" aria-label="How far the file is read"></progress>' in waiting
    whole = room.get(answer["Location"]).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in whole

    products_import(run.pk)
    products_import(run.pk)  # the broker delivers it again

    text = room.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" not in text
    assert "The file is read: 1 of 2 rows was refused." in text
    assert "outside the shop" in text
    assert "refresh" not in room.get(answer["Location"]).content.decode()
    download = room.get(url("import_issues", run.pk))
    lines = b"".join(download.streaming_content).decode("utf-8-sig").splitlines()
    assert list(csv.reader(lines)) == [
        ["Row", "Id", "Field", "Reason", "id", "title", "link", "price"],
        ["3", "'=1+1", "url", "The address lies outside the shop's domains (tea.example).",
         "'=1+1", '\'=HYPERLINK("x")', "https://evil.example/2", "2.00 CNY"],
    ]  # fmt: skip


def test_the_sample_file_can_be_brought_as_it_is(room, shop, plan):
    sample = room.get(url("import_sample")).content.decode()
    room.post(url("imports"), {"shop": shop.pk, "file": upload(sample)})
    products_import(ImportRun.objects.get().pk)
    assert ImportRun.objects.get().counts == {"rows": 1, "created": 1, "rates": 1}


def test_nobody_brings_a_file_for_another_shop(room, stranger):
    theirs = Shop.objects.get(domains=["silk.example"])
    answer = room.post(url("imports"), {"shop": theirs.pk, "file": upload("id")})
    assert answer.context["form"].errors["shop"]
    assert not ImportRun.objects.exists()


def brought(room, shop, numbers, price="1.00", **more):
    rows = "".join(f"P{n},龙井 {n},https://tea.example/{n},{price} CNY\n" for n in numbers)
    file = upload("id,title,link,price\n" + rows)
    answer = room.post(url("imports"), {"shop": shop.pk, "file": file, **more})
    products_import(ImportRun.objects.latest("pk").pk)
    return answer["Location"]


def test_a_run_shows_what_it_changed(room, shop):
    brought(room, shop, range(40))
    page = brought(room, shop, [*range(1, 30), 99], price="2.00")
    text = room.get(page).content.decode()
    assert "<del>1.00</del> → <ins>2.00</ins>" in text
    assert 'href="?changes=2"' in text
    assert "龙井 99" in room.get(page + "?change=new").content.decode()
    assert "龙井 99" not in room.get(page + "?change=changed").content.decode()
    run = ImportRun.objects.latest("pk")
    download = room.get(url("import_changes", run.pk))
    lines = b"".join(download.streaming_content).decode("utf-8-sig").splitlines()
    rows = list(csv.reader(lines))
    assert rows[:2] == [
        ["Id", "Title", "Change", "Field", "Before", "Now"],
        ["P1", "龙井 1", "Changed", "price", "1.00", "2.00"],
    ]
    assert len(rows) == 31


def test_a_person_says_whether_missing_products_end(
    room, shop, viewer, django_assert_max_num_queries
):
    brought(room, shop, range(9))
    page = brought(room, shop, [1], full="on")
    assert "8 products are missing in the file" in room.get(page).content.decode()
    assert "let them end" not in signed_in(viewer).get(page).content.decode()

    room.post(url("import_missing", ImportRun.objects.latest("pk").pk), {"end": "yes"})

    assert shop.products.exclude(ends_at=None).count() == 8
    assert "let them end" not in room.get(page).content.decode()
    with django_assert_max_num_queries(16):
        room.get(page)
