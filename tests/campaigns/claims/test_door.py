"""/s/<code>: the page that buyers see, and what it takes to claim on it."""

import re
from datetime import timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from affiliates.services import link_pause
from alliance.kernel import clock
from alliance.wsgi import application
from campaigns import door, refusals
from campaigns.door import memory
from campaigns.models import Campaign, CampaignState, Claim, Refusal
from campaigns.services.stock import stock_close
from tests.campaigns.claims.world import EVENING, campaign_make, rules_of, stock_of

pytestmark = pytest.mark.django_db(transaction=True)

PERSON = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Buyer:
    """A browser that keeps its cookie and speaks English, unless it says otherwise."""

    def __init__(self, world, agent: str = PERSON, ip: str = "203.0.113.9", language: str = "en"):
        self.client = Client(
            enforce_csrf_checks=True,
            headers={"User-Agent": agent, "Accept-Language": language},
            REMOTE_ADDR=ip,
        )
        self.path = f"/s/{world.cast.link.code}"

    def look(self, query: str = "", **headers):
        door.forget()
        return self.client.get(self.path + query, headers=headers)

    def token(self, page=None) -> str:
        found = re.search(r'name="t" value="([^"]*)"', (page or self.look()).content.decode())
        return found[1] if found else ""

    def claim(self, token: str | None = None, **more):
        door.forget()
        return self.post({"t": self.token() if token is None else token, **more})

    def post(self, form: dict[str, str]):
        return self.client.post(self.path, urlencode(form), "application/x-www-form-urlencoded")


@pytest.fixture
def buyer(world):
    return Buyer(world)


def words(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_page_says_what_it_costs_with_the_coupon(world, buyer):
    page = buyer.look()

    assert page.status_code == 200
    said = words(page)
    assert "Vacuum flask 500 ml" in said
    assert "Price with coupon CN¥169.00 Price CN¥199.00" in said
    assert "Coupons left 100 of 100" in said
    assert "Advertisement" in said
    assert "Whoever shared this page earns a commission if you buy." in said
    assert page["Cache-Control"] == "no-store"
    assert page["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize(
    ("asked", "language", "sentence"),
    [
        ("", "zh-Hans", "立即领取"),
        ("fr-FR,fr;q=0.9", "zh-Hans", "立即领取"),
        ("zh-TW", "zh-Hans", "立即领取"),
        ("fr,de-AT;q=0.8,en;q=0.5", "de", "Gutschein holen"),
        ("en-GB", "en", "Claim the coupon"),
    ],
)
def test_chinese_unless_the_visitor_asks_for_another(world, asked, language, sentence):
    page = Buyer(world, language=asked).look()

    assert page["Content-Language"] == language
    assert f'<html lang="{language}"' in page.content.decode()
    assert sentence in words(page)


def test_a_tap_claims_and_shows_the_code(world, buyer):
    response = buyer.claim()

    claim = Claim.objects.get()
    assert response.status_code == 303
    assert response["Location"].partition("?")[0] == buyer.path
    assert (claim.affiliate, claim.link, claim.trail) == (
        world.cast.affiliate, world.cast.link, True,
    )  # fmt: skip
    page = buyer.look()
    assert claim.code in words(page)
    assert "It is yours. Use it until" in words(page)
    way = re.search(r'href="(https://shop.chen[^"]+)"', page.content.decode())[1]
    query = parse_qs(urlsplit(way.replace("&amp;", "&")).query)
    assert query == {"ref": ["home"], "click_id": [claim.code], "coupon": [claim.code]}


def test_looking_never_claims(world, buyer):
    token = buyer.token()
    buyer.client.get(f"{buyer.path}?t={token}")
    buyer.client.head(buyer.path)

    assert not Claim.objects.exists()


def test_the_same_tap_twice_is_one_claim(world, buyer):
    token = buyer.token()
    answers = [buyer.claim(token) for _tap in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert Claim.objects.count() == 1


@pytest.mark.parametrize("token", ["", "x" * 40, "A" * 40, "Ä" * 40])
def test_without_having_opened_the_page_nothing_is_claimed(world, buyer, token):
    buyer.look()
    response = buyer.claim(token)

    assert response.status_code == 403
    assert not Claim.objects.exists()
    refusals.refusals.write()
    assert Refusal.objects.get().reason == "token"


def test_a_token_is_good_for_its_visitor_only(world, buyer):
    stolen = buyer.token()
    thief = Buyer(world)
    thief.look()

    assert thief.claim(stolen).status_code == 403
    thief.client.cookies.clear()
    assert "Your browser keeps no cookies." in words(thief.claim(stolen))
    assert not Claim.objects.exists()


def test_a_token_is_good_for_twelve_hours(world, buyer):
    token = buyer.token()
    with clock.at(EVENING + 12 * HOUR + MINUTE):
        refused = buyer.claim(token)
        assert "This page was open for too long. Tap once more." in words(refused)
        assert buyer.claim(buyer.token(refused)).status_code == 303


def test_bots_and_previews_see_the_page_and_claim_nothing(world):
    for agent in ("curl/8.0", "WhatsApp/2.0", "Googlebot/2.1"):
        bot = Buyer(world, agent=agent)
        page = bot.look()
        assert (page.status_code, bot.token(page)) == (200, "")
        assert not page.cookies
        response = bot.claim("x" * 40)
        assert response.status_code == 403
        assert "Coupons are for people." in words(response)
    assert not Claim.objects.exists()


def test_before_it_begins_it_counts_down(world, buyer):
    begins = EVENING + HOUR
    Campaign.objects.filter(pk=world.campaign.pk).update(state="scheduled", starts_at=begins)
    page = buyer.look()
    token = buyer.token(page)

    assert f'data-until="{int(begins.timestamp())}"' in page.content.decode()
    assert "Begins in" in words(page)
    assert re.search(r"<button[^>]* disabled", page.content.decode())
    early = buyer.claim(token)
    assert (early.status_code, "It has not begun yet." in words(early)) == (409, True)
    with clock.at(begins):  # the page has been open since
        assert buyer.claim(token).status_code == 303


def test_sold_out_leads_to_the_shop_with_commission(world, buyer):
    stock = stock_of(campaign_make(world.cast.product, rules=rules_of((9000, 1))), size=1)
    assert buyer.claim().status_code == 303
    assert Claim.objects.get().stock == stock
    stock_close(stock=world.stock)

    page = Buyer(world).look()
    assert "All coupons are taken." in words(page)
    assert f'href="/r/{world.cast.link.code}"' in page.content.decode()
    assert "<form" not in page.content.decode()


def test_who_comes_too_late_is_told_so_without_the_database(world, django_assert_num_queries):
    stock_close(stock=world.stock)
    stock_of(campaign_make(world.cast.product), size=1)
    late = [Buyer(world) for _buyer in range(2)]
    tokens = [one.token() for one in late]
    Buyer(world).claim()

    assert late[0].claim(tokens[0]).status_code == 409
    refusals.refusals.write()
    with django_assert_num_queries(0):
        response = late[1].post({"t": tokens[1]})
    assert "The last one has just gone." in words(response)
    assert "<form" not in response.content.decode()  # nothing left to tap on but the shop
    refusals.refusals.write()
    assert Refusal.objects.get(reason="sold_out").count == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"state": CampaignState.PAUSED}, "The campaign is taking a break."),
        ({"state": CampaignState.CLOSED, "closed_at": EVENING}, "The campaign is over."),
        ({"ends_at": EVENING}, "The campaign is over."),
    ],
)
def test_paused_and_ended_say_so_and_still_lead_to_the_shop(world, buyer, change, sentence):
    Campaign.objects.filter(pk=world.campaign.pk).update(**change)
    page = buyer.look()

    assert sentence in words(page)
    assert "Buy without coupon" in words(page)


def test_an_expired_coupon_says_so_until_the_next_day(world, buyer):
    Campaign.objects.filter(pk=world.campaign.pk).update(rules=rules_of((3000, 1), valid_hours=1))
    stock = stock_of(Campaign.objects.get(pk=world.campaign.pk), size=5)
    stock_close(stock=world.stock)
    buyer.claim()
    assert Claim.objects.get().stock == stock

    with clock.at(EVENING + 2 * HOUR):
        assert "Your coupon of today has expired." in words(buyer.look())
    with clock.at(EVENING + 5 * HOUR):
        assert buyer.claim().status_code == 303


def test_where_there_is_no_stock_the_link_leads_to_the_shop(world, buyer):
    Campaign.objects.filter(pk=world.campaign.pk).update(kinds=["ka"])
    response = buyer.look()
    assert (response.status_code, response["Location"]) == (302, f"/r/{world.cast.link.code}")

    Campaign.objects.filter(pk=world.campaign.pk).update(kinds=[])
    link_pause(actor=world.cast.lin, link=world.cast.link)
    assert buyer.look()["Location"] == f"/r/{world.cast.link.code}"
    assert buyer.client.get("/s/nosuchcode")["Location"] == "/r/nosuchcode"
    assert buyer.client.put(buyer.path).status_code == 405


def test_a_device_that_taps_too_fast_waits(world, buyer, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "CLAIMS_PER_DEVICE": 2}
    Campaign.objects.filter(pk=world.campaign.pk).update(starts_at=EVENING + MINUTE)
    answers = [buyer.claim() for _tap in range(3)]

    assert [answer.status_code for answer in answers] == [409, 409, 429]
    assert answers[2]["Retry-After"] == "60"


def test_a_school_behind_one_address_is_not_punished(world, settings):
    settings.ALLIANCE = {
        **settings.ALLIANCE, "CLAIMS_PER_NETWORK": 2, "CLAIMS_PER_BROWSER": 3,
    }  # fmt: skip
    phones = [f"{PERSON} Phone/{number % 3}" for number in range(7)]
    answers = [Buyer(world, agent=phone).claim().status_code for phone in phones]
    assert answers == [303] * 7  # three kinds of phones: 2 + 2 × 3 claims

    machines = [Buyer(world, ip="203.0.113.77").claim().status_code for _claim in range(3)]
    assert machines == [303, 303, 429]


def test_without_consent_the_buyer_is_not_known_again(world, buyer):
    page = buyer.look("?cons=0")
    assert not page.cookies["visitor"]["max-age"]
    buyer.claim(buyer.token(page), cons="0")

    assert not Claim.objects.get().trail


def test_the_page_is_light(world, buyer):
    page = buyer.look()
    scripts = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.content.decode())

    assert len(page.content) < 14_000
    assert scripts == ["/static/img/favicon.svg", "/static/js/coupon.js"]


def test_the_door_in_front_of_django_answers_the_same(world):
    def get(path: str, **environ) -> tuple[str, dict[str, str], bytes]:
        said: list = []
        asked = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "x",
            "SERVER_PORT": "80", "HTTP_HOST": "localhost", "HTTP_USER_AGENT": PERSON,
            "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "HTTP_ACCEPT_LANGUAGE": "en",
            **environ,
        }  # fmt: skip
        body = b"".join(application(asked, lambda *got: said.extend(got)))
        return said[0], dict(said[1]), body

    status, headers, body = get(f"/s/{world.cast.link.code}")
    through = Buyer(world).look()
    assert status == "200 OK"
    assert headers["Content-Security-Policy"] == through["Content-Security-Policy"]
    blank = re.compile(rb'name="t" value="[^"]*"|data-now="\d+"')
    assert blank.sub(b"", body) == blank.sub(b"", through.content)
    assert "X-Request-ID" not in headers
    assert "X-Request-ID" in through
    status, _headers, _body = get(f"/s/{world.cast.link.code}", HTTP_HOST="evil.example")
    assert status.startswith("400")


def test_more_fields_than_anybody_needs_are_no_fault_of_ours(world, buyer):
    many = "&".join(f"f{number}=1" for number in range(60))
    assert buyer.look(f"?{many}").status_code == 200
    answer = buyer.client.post(buyer.path, many, "application/x-www-form-urlencoded")

    assert answer.status_code == 403
    assert not Claim.objects.exists()


def test_codes_that_anybody_can_think_of_take_no_room_and_no_page_out_of_it(world, buyer):
    buyer.look()
    for number in range(20):
        assert buyer.client.get(f"/s/nosuch{number}").status_code == 302

    assert set(memory._offers) == {world.cast.link.code}
