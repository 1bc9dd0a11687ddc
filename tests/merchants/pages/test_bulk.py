"""The pages on which many products are changed."""

import re

import pytest

from merchants.models import BulkEdit, Product
from merchants.services.bulk import bulk_go_on
from merchants.services.products import products_save
from tests.merchants.conftest import product_data
from tests.merchants.pages.room import said, signed_in, url


@pytest.fixture
def three(shop, plan, category):
    products_save(shop=shop, products=[product_data(n) for n in "ABC"], actor=None)
    return list(Product.objects.order_by("external_id"))


def hidden(html):
    """What the form below a preview sends."""
    form = html[html.rindex("<form", 0, html.index('name="seen"')) :]
    return re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")])


def sent(room, query):
    html = room.get(url("bulk"), query).content.decode()
    data = {}
    for name, value in hidden(html):
        data.setdefault(name, []).append(value)
    del data["csrfmiddlewaretoken"]
    return data


def test_the_ticked_are_seen_and_then_changed(room, three, plan):
    assert "Change all 3 that fit" in room.get(url("products")).content.decode()
    query = {"product": [three[0].pk, three[1].pk]}
    html = room.get(url("bulk"), query).content.decode()
    assert "2 products that you have chosen." in html
    assert "What it would do" not in html

    query |= {"deed": "rate", "plan": plan.pk, "way": "raise", "rate": "2.5"}
    html = room.get(url("bulk"), query).content.decode()
    for words in ("2 products change", "2 at once", ">10%<", "<strong>12.5%</strong>"):
        assert words in html, words
    assert not BulkEdit.objects.exists()

    answer = room.post(url("bulk"), sent(room, query))
    edit = BulkEdit.objects.get()
    assert answer["Location"] == url("bulk_run", edit.pk)
    html = room.get(url("bulk_run", edit.pk)).content.decode()
    assert "0 of 2 products are done." in html
    assert 'hx-trigger="every 2s"' in html


def test_all_that_fits_the_list_is_changed(room, three):
    query = {"all": "1", "words": "Longjing B", "deed": "pause"}
    html = room.get(url("bulk"), query).content.decode()
    assert "1 product, all that fits your list." in html
    room.post(url("bulk"), sent(room, query))
    assert list(BulkEdit.objects.get().lines.values_list("product", flat=True)) == [three[1].pk]


@pytest.mark.parametrize("narrowed", [{"category": "gone"}, {"words": "x" * 201}, {"state": "x"}])
def test_a_filter_that_makes_no_sense_chooses_nothing_instead_of_everything(room, three, narrowed):
    html = room.get(url("bulk"), {"all": "1", "deed": "pause", **narrowed}).content.decode()
    assert "No product is chosen" in html


def test_what_was_otherwise_meanwhile_is_shown_again(room, three):
    query = {"all": "1", "deed": "pause"}
    data = sent(room, query)
    Product.objects.filter(pk=three[0].pk).update(state="withdrawn")
    back = url("bulk")
    answer = room.post(back, data, headers={"referer": f"http://testserver{back}"}, follow=True)
    assert said(answer) == ["Something has changed meanwhile. Look at the preview again."]
    assert not BulkEdit.objects.exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"deed": "rate", "way": "set"}, "Give a rate in percent, such as 12.5."),
        ({"deed": "rate", "way": "raise", "rate": "0"}, "By how much?"),
        ({"deed": "steal"}, "steal is not one of the available choices."),
    ],
)
def test_what_is_not_complete_is_asked_for(room, three, asked, words):
    html = room.get(url("bulk"), {"all": "1", **asked}).content.decode()
    assert words in html
    assert "What it would do" not in html


def test_a_change_is_taken_back(room, three, transactional_db):
    room.post(url("bulk"), sent(room, {"all": "1", "deed": "pause"}))
    edit = BulkEdit.objects.get()
    bulk_go_on(edit_pk=edit.pk)
    assert "Take it back" in room.get(url("bulk_run", edit.pk)).content.decode()

    answer = room.post(url("bulk_undo", edit.pk))
    back = BulkEdit.objects.get(undoes=edit)
    assert answer["Location"] == url("bulk_run", back.pk)
    bulk_go_on(edit_pk=back.pk)
    assert set(Product.objects.values_list("state", flat=True)) == {"on_sale"}
    assert "Take it back" not in room.get(url("bulk_run", edit.pk)).content.decode()


def test_who_may_only_look_or_is_of_another_house_changes_nothing(room, three, viewer, stranger):
    query = {"all": "1", "deed": "pause"}
    data = sent(room, query)
    looker = signed_in(viewer)
    assert looker.post(url("bulk"), data).status_code == 403
    assert "Change all" not in looker.get(url("products")).content.decode()
    html = signed_in(stranger).get(url("bulk"), {"product": three[0].pk, "deed": "pause"})
    assert "No product is chosen" in html.content.decode()
    assert not BulkEdit.objects.exists()
