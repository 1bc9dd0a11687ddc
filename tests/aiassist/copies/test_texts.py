"""Texts of a product: true when they are shown, withdrawn when they are not, nobody's but ours."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from affiliates.models import Affiliate, Link
from affiliates.services.links import link_pause, link_resume
from aiassist.copy.check import Channel, Language
from aiassist.copy.known import short
from aiassist.copy.lot import FIRST, drawn_angle
from aiassist.copy.ready import ready_of, reasons_against
from aiassist.models import Angle, CopyTake, CopyVariant, PromptRun
from aiassist.queries.copies import takes_for, variants_for
from aiassist.services.copies import (
    copy_edit,
    copy_run_begin,
    copy_run_go_on,
    copy_take,
    copy_write,
    writing,
)
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from bench.ai.copycheck import orders
from merchants.models import Coupon, Product
from merchants.services.products import product_withdraw
from tests.aiassist.trading import NOON
from tests.cast import Cast, cast_make, user_make

HOUR = timedelta(hours=1)


@pytest.fixture
def cast(db) -> Cast:
    with clock.at(NOON - 30 * timedelta(days=1)):
        made = cast_make(wallet="900000.00")
    with clock.at(NOON):
        Coupon.objects.create(
            merchant=made.merchant, shop=made.shop, code="SPRING10", face_minor=20_00,
            currency="CNY", starts_at=NOON - HOUR, ends_at=NOON + 24 * HOUR,
        )  # fmt: skip
        yield made


def write(cast: Cast, channel="moments", language="zh", product=None, **more):
    return copy_write(
        actor=cast.lin, affiliate=cast.affiliate, product=product or cast.product,
        zone=cast.zone, channel=channel, language=language, **more,
    )  # fmt: skip


def shown(cast: Cast, *variants: CopyVariant):
    mine = variants_for(cast.lin).filter(pk__in=[one.pk for one in variants])
    return ready_of(list(mine.order_by("pk")))


@pytest.mark.parametrize("language", Language.values)
def test_each_channel_has_four_texts_that_pass_the_check_with_a_link_of_their_own(cast, language):
    made = [one for channel in Channel.values for one in write(cast, channel, language).variants]
    texts = shown(cast, *made)

    assert len(texts) == len(Channel.values) * len(Angle.values)
    assert [one.why for one in texts if one.withdrawn] == []
    assert [one.look for one in texts if one.look] == []
    assert len({one.text for one in texts}) == len({one.variant.link_id for one in texts}) == 28
    for one in texts:
        assert one.variant.link.code in one.text
        assert "179" in one.text  # with the coupon
        assert "{" not in one.text
    assert Link.objects.filter(sub5__startswith="copy.").count() == 28
    again = [
        one.pk for channel in Channel.values for one in write(cast, channel, language).variants
    ]
    assert again == [one.pk for one in made]


def test_what_was_taken_is_taken_back_when_it_is_true_no_more(cast):
    (variant,) = write(cast, drawn_only=True).variants
    take = copy_take(actor=cast.lin, variant=variants_for(cast.lin).get(pk=variant.pk))
    assert copy_take(actor=cast.lin, variant=variants_for(cast.lin).get()) == take
    assert against(cast) == []

    Product.objects.filter(pk=cast.product.pk).update(price_minor=209_00)
    assert any("209.00" in why for why in against(cast))
    (ready,) = shown(cast, variant)
    assert "189" in ready.text  # shown anew it tells the new price
    Product.objects.filter(pk=cast.product.pk).update(price_minor=199_00)
    assert against(cast) == []
    link_pause(actor=cast.lin, link=variant.link)
    assert against(cast) == ["The link is paused."]
    link_resume(actor=cast.lin, link=variant.link)

    with clock.at(NOON + 25 * HOUR):
        assert against(cast)
        (ready,) = shown(cast, variant)
        assert ready.why == ["The coupon is over, used up, or another kind of coupon now."]
        with pytest.raises(WrongState):
            copy_take(actor=cast.lin, variant=variants_for(cast.lin).get(pk=variant.pk))
        (fresh,) = write(cast, drawn_only=True).variants
        assert fresh.link == variant.link
        assert "199" in shown(cast, fresh)[0].text
    with pytest.raises(TypeError, match="append-only"):
        take.delete()


def against(cast: Cast) -> list[str]:
    (reasons,) = reasons_against(list(takes_for(cast.lin))).values()
    return reasons


@pytest.mark.parametrize("bar", ["frozen", "paused", "withdrawn", "no money", "no rate"])
def test_nothing_is_shown_of_what_may_not_be_promoted(cast, bar):
    made = write(cast).variants
    match bar:
        case "frozen":
            Affiliate.objects.update(state="frozen")
        case "paused":
            for one in made:
                link_pause(actor=cast.lin, link=one.link)
        case "withdrawn":
            product_withdraw(product=cast.product, actor=cast.chen)
        case "no money":
            cast.merchant.__class__.objects.update(funding_paused_at=NOON)
        case "no rate":
            cast.merchant.plans.update(ends_at=NOON - HOUR)

    assert [(one.text, len(one.why)) for one in shown(cast, *made)] == [("", 1)] * 4


def test_hostile_titles_change_nothing(cast):
    wishes = [(title, wish) for title, wish, _language in orders()]
    wishes += [("Mask {price} {link} {share_code}", "{"), ("Mask \u202e001\u202c", "\u202e")]
    assert len(wishes) > 60
    (variant,) = write(cast, "web", "en", drawn_only=True).variants
    for title, wish in wishes:
        Product.objects.filter(pk=cast.product.pk).update(title=title, title_en="", title_de="")
        (ready,) = shown(cast, variant)
        assert wish.casefold() not in ready.text.casefold(), title
        hosts = re.findall(r"https?://[^/\s]+", ready.text)
        assert len(hosts) == (not ready.withdrawn)


def test_own_words_pass_the_check_or_are_not_kept(cast):
    base = write(cast, "wechat_group", "en").variants[0]

    def edit(text):
        return copy_edit(actor=cast.lin, variant=variants_for(cast.lin).get(pk=base.pk), text=text)

    for text, why in (
        ("No way to it", "Leave {link}"),
        ("{nonsense} {link}", "no such fact: {nonsense}"),
        ("Only ¥5.00 {link}", "may not go out"),
    ):
        with pytest.raises(Invalid, match=re.escape(why)):
            edit(text)
    own = edit("My own tea, {price_after_coupon} instead of ¥199.00: {link}")
    assert own.text.startswith("Ad: ")
    assert own.link != base.link
    assert edit("My own tea, {price_after_coupon} instead of ¥199.00: {link}") == own
    assert "179" in shown(cast, own)[0].text
    Product.objects.update(price_minor=209_00)
    assert shown(cast, own)[0].withdrawn  # a figure of its own goes wrong


def test_a_model_writes_sentences_with_slots_and_nothing_else(cast, model_server, monkeypatch):
    good = {"angle": "use", "lead": "Everyday care: {title_short}.", "more": "Sold by {shop}."}
    bad = {"angle": "price", "lead": "The best of all: {title_short}!", "more": "Cures acne."}
    model_server.says = [{"texts": [good, bad]}]
    wrote = write(cast, "web", "en", by_model=True)
    (by_model,) = [one for one in wrote.variants if one.origin == "model"]
    assert (by_model.angle, by_model.run.purpose, wrote.refused) == ("use", "copy", 1)
    assert "did not pass the check" in wrote.note
    assert by_model.text.startswith("Ad: Everyday care: {title_short}. Sold by {shop}.")
    assert by_model.link.sub5.endswith("use.model")

    for lead in ("Only ٥ yuan: {title_short}", "{password} {title_short}"):
        model_server.says = [{"texts": [{**good, "lead": lead}]}]
        wrote = write(cast, "web", "en", by_model=True)
        assert [one.origin for one in wrote.variants] == ["template"] * 4
        assert "could not be used" in wrote.note
    monkeypatch.setattr(writing, "ASKED_A_DAY", 3)  # nobody spends what is for everybody
    wrote = write(cast, "web", "en", by_model=True)
    assert [one.origin for one in wrote.variants] == ["template"] * 4
    assert "enough for you today" in wrote.note
    assert PromptRun.objects.filter(purpose="copy").count() == 3


def test_the_lot_is_even_holds_a_tenth_out_and_leaves_the_stopped_out():
    def draw(**more):
        facts = {"affiliate": 1, "channel": "web", "language": "en", "day": NOON.date()}
        return [drawn_angle(product=number, **facts, **more) for number in range(4000)]

    plain, chosen, stopped = draw(), draw(chosen="trust"), draw(stopped=["use"])
    assert 0.09 < chosen.count(FIRST) / 4000 < 0.11
    assert set(chosen) == {FIRST, "trust"}
    assert all(0.19 < plain.count(angle) / 4000 < 0.26 for angle in ("use", "season", "trust"))
    assert "use" not in stopped
    assert plain == draw()
    assert draw(chosen="use", stopped=["use"]) == stopped


def test_a_short_title_ends_where_a_phrase_does():
    for title, most, said in (
        ("一次性竹筷独立包装 家庭分筷", 13, "一次性竹筷独立包装"),
        ("一次性竹筷独立包装家庭分筷", 12, "一次性竹筷独立包装家庭分"),  # no phrase ends
        ("山核桃仁原味坚果2.5斤家庭装礼盒", 14, "山核桃仁原味坚果2.5斤家庭"),
        ("Gänsefüße aus Holz für Kinder", 16, "Gänsefüße aus"),
    ):
        assert short(title, most) == said


def test_a_coupon_worth_as_much_as_the_product_is_in_no_text(cast):
    Coupon.objects.update(face_minor=cast.product.price_minor)
    texts = shown(cast, *write(cast).variants)
    assert [one.withdrawn for one in texts] == [False] * 4
    assert not any("券" in one.body for one in texts)


def test_many_at_once_by_a_worker_each_with_its_reason(cast):
    gone = Product.objects.create(
        shop=cast.shop, external_id="P9", title="Gone", url=cast.product.url, price_minor=100,
        currency="CNY", state="withdrawn",
    )  # fmt: skip
    run = copy_run_begin(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, products=[cast.product, gone],
        channel="weibo", language="zh",
    )  # fmt: skip
    copy_run_go_on(run_pk=run.pk)
    copy_run_go_on(run_pk=run.pk)  # it comes twice
    run.refresh_from_db()
    assert (run.done, run.total, run.ended_at is not None) == (2, 2, True)
    there, not_there = run.lines.order_by("pk")
    assert there.variant.drawn
    assert (not_there.variant, not_there.why_not) == (None, "The shop has withdrawn this product.")
    assert CopyVariant.objects.count() == 1
    with pytest.raises(Invalid):
        copy_run_begin(
            actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, products=[],
            channel="weibo", language="zh",
        )  # fmt: skip


def test_pages_write_show_take_edit_and_are_nobody_elses(cast, client, lin_page):
    page = reverse("aiassist:copy", args=[cast.product.pk])
    place = {"channel": "email", "language": "de", "zone": cast.zone.pk}
    said = lin_page.post(page, place, follow=True).content.decode()
    assert said.count("data-copy=") == 8  # subject and text, four times
    assert said.count('/take/" hx-swap="none"') == 8  # each is kept as it was taken
    assert "Anzeige: " in said
    variant = CopyVariant.objects.first()
    assert lin_page.post(reverse("aiassist:copy_take", args=[variant.pk])).status_code == 302
    assert CopyTake.objects.get().taken_by == cast.lin
    edit = reverse("aiassist:copy_edit", args=[variant.pk])
    assert "{price}" in lin_page.get(edit).content.decode()
    refused = lin_page.post(edit, {"text": "Nur 5,00 CN¥ {link}"}).content.decode()
    assert "Nur 5,00 CN¥" in refused
    assert "may not go out" in refused
    mine = lin_page.get(reverse("aiassist:copies")).content.decode()
    assert "Still true" in mine
    Product.objects.update(price_minor=1_00)
    assert "Withdrawn" in lin_page.get(reverse("aiassist:copies")).content.decode()
    choose = {"channel": "email", "language": "de", "angle": "trust"}
    said = lin_page.post(reverse("aiassist:copy_choose"), choose, follow=True).content.decode()
    assert "stands first" in said

    client.force_login(user_make())
    for name in ("copy_take", "copy_edit"):
        assert client.post(reverse(f"aiassist:{name}", args=[variant.pk])).status_code in {302, 404}
    assert CopyTake.objects.count() == 1


def test_copying_all_of_a_page_keeps_each_as_it_was_taken_once(cast, lin_page):
    run = copy_run_begin(
        actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, products=[cast.product],
        channel="weibo", language="zh",
    )  # fmt: skip
    copy_run_go_on(run_pk=run.pk)
    page = reverse("aiassist:copy_run", args=[run.pk])
    (variant,) = re.findall(r'name="variant" value="(\d+)"', lin_page.get(page).content.decode())
    other = CopyVariant.objects.exclude(pk=variant).first()

    for _press in range(2):
        named = {"variant": [variant, other.pk if other else 0, "x"]}
        assert lin_page.post(page, named).status_code == 302
    assert [str(take.variant_id) for take in CopyTake.objects.all()] == [variant]


@pytest.fixture
def lin_page(cast, client):
    client.force_login(cast.lin)
    return client
