"""Files that a merchant brings, and what is said of their rows."""

import csv

from merchants.models import ImportRun, Shop
from merchants.tasks import products_import
from tests.merchants.pages.room import upload, url


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

    products_import(run.pk)
    products_import(run.pk)  # the broker delivers it again

    text = room.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" not in text
    assert "outside the shop" in text
    download = room.get(url("import_issues", run.pk))
    lines = b"".join(download.streaming_content).decode("utf-8-sig").splitlines()
    assert list(csv.reader(lines)) == [
        ["Row", "Reason", "id", "title", "link", "price"],
        ["3", "The address lies outside the shop's domains (tea.example).", "'=1+1",
         '\'=HYPERLINK("x")', "https://evil.example/2", "2.00 CNY"],
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
