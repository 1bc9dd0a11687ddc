"""How amounts, rates, moments and fields are written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings
from django.utils import translation

from alliance.kernel import clock
from alliance.kernel.money import cny
from alliance.kernel.templatetags.alliance import joined

NOON = datetime(2026, 6, 17, 16, 30, tzinfo=UTC)  # half past midnight of the 18th in Shanghai


def render(source, **context):
    return Template("{% load alliance %}" + source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "CN¥1,234.56"), ("zh-hans", "¥1,234.56"), ("de", "1.234,56\xa0CN¥")],
)
def test_money_by_minor_units_or_by_object(language, written):
    with translation.override(language):
        assert render("{{ minor|money:currency }}", minor=123456, currency="CNY") == written
        assert render("{{ amount|money }}", amount=cny("1234.56")) == written


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_is_a_dash(nothing):
    for tag in ("money:'CNY'", "percent", "number"):
        assert render("{{ it|" + tag + " }}", it=nothing) == "–"
    for tag in ("moment", "ago"):
        assert render("{{ it|" + tag + " }}", it=None) == "–"


@pytest.mark.parametrize(
    ("bps", "language", "written"),
    [(1234, "en", "12.34%"), (900, "en", "9%"), (5, "en", "0.05%"), (150, "de", "1,5\xa0%"),
     (10_000, "zh-hans", "100%"), (0, "en", "0%"), (29, "en", "0.29%")],
)  # fmt: skip
def test_rates(bps, language, written):
    with translation.override(language):
        assert render("{{ bps|percent }}", bps=bps) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "Jun 18, 2026 00:30"), ("de", "18.06.2026 00:30"), ("zh-hans", "2026年6月18日 00:30")],
)
def test_a_moment_is_told_by_the_clock_in_shanghai(language, written):
    with translation.override(language):
        assert render("{{ it|moment }}", it=NOON) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "Thu, Jun 18"), ("de", "Do., 18. Juni"), ("zh-hans", "6月18日周四")],
)
def test_a_weekday_stands_where_the_reader_looks_for_it(language, written):
    with translation.override(language):
        assert render("{{ it|weekday }}", it=date(2026, 6, 18)) == written


def test_sentences_stand_apart_unless_a_chinese_one_ends():
    assert joined("It suits you.", "", "Join it first.") == "It suits you. Join it first."
    assert joined("适合您。", "计入“618”。", "3 件。") == "适合您。计入“618”。3 件。"


@pytest.mark.parametrize("language", ["en", "de", "zh-hans"])
def test_an_hour_is_one_of_twenty_four_in_every_language(language):
    evening = NOON + timedelta(hours=18, minutes=17)
    with translation.override(language):
        assert render('{{ it|moment:"time" }}', it=evening) == "18:47"


def test_how_long_ago():
    with clock.at(NOON):
        assert render("{{ it|ago }}", it=NOON - timedelta(hours=3)) == "3 hours ago"
        assert render("{{ it|ago }}", it=NOON + timedelta(days=2)) == "in 2 days"


def test_numbers_have_separators():
    with translation.override("de"):
        assert render("{{ it|number }}", it=1234567) == "1.234.567"


def test_an_icon_is_silent_unless_it_says_something():
    assert 'aria-hidden="true"' in render('{% icon "home" %}')
    spoken = render('{% icon "home" label=it %}', it='"><script>')
    assert 'aria-label="&quot;&gt;&lt;script&gt;"' in spoken
    assert 'role="img"' in spoken


@pytest.mark.parametrize("name", ["no-such-icon", "../../../settings", "Home", ""])
def test_an_icon_we_do_not_have_fails_here_and_leaves_a_gap_in_production(name):
    with pytest.raises(LookupError):
        render("{% icon it %}", it=name)
    with override_settings(PRODUCTION=True):
        assert render("{% icon it %}", it=name) == ""


class Form(forms.Form):
    name = forms.CharField(help_text="As on the door.")
    kind = forms.ChoiceField(choices=[("a", "A")])
    sure = forms.BooleanField(required=False)
    ways = forms.MultipleChoiceField(
        choices=[("x", "X"), ("y", "Y")], widget=forms.CheckboxSelectMultiple, required=False
    )
    secret = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        raise forms.ValidationError("Not like that.")


def test_a_form_says_its_errors_beside_its_fields():
    page = render('{% include "parts/form.html" with form=form submit="Save" %}',
                  form=Form({"name": "", "kind": "a"}), csrf_token="token")  # fmt: skip

    assert 'class="form-control is-invalid"' in page
    assert 'aria-describedby="id_name_help id_name_errors"' in page
    assert page.index('id="id_name_errors"') > page.index('id="id_name"')
    assert 'class="form-select"' in page
    assert page.count('class="form-check-input"') == 3  # one to be sure, two ways
    assert "<legend" in page
    assert "Not like that." in page
    assert '<input type="hidden" name="secret"' in page
    assert ">Save</button>" in page


def test_pages_keep_the_filters():
    pages = Paginator(range(1000), 10)
    request = RequestFactory().get("/?q=tea&page=50")
    request.user = AnonymousUser()
    page = render_to_string("parts/pagination.html", {"page": pages.page(50)}, request)

    assert 'href="?q=tea&amp;page=49"' in page
    assert 'aria-current="page">50<' in page
    assert "491–500 of 1,000" in page
    assert page.count("…") == 2


def test_one_page_needs_no_pages():
    page = render_to_string("parts/pagination.html", {"page": Paginator([1], 10).page(1)})

    assert page.strip() == ""


@pytest.mark.parametrize(
    ("delta", "shown"), [(12, "+12"), (-8, "-8"), (0, "0"), (None, None), ("", None)]
)
def test_a_figure_shows_its_change(delta, shown):
    figure = render('{% include "parts/figure.html" with label="Orders" value="7" %}', delta=delta)

    assert "Orders" in figure
    assert ("figure-delta" in figure) == (shown is not None)
    if shown is not None:
        assert f"{shown}%" in figure


def test_a_badge_has_the_colour_of_its_state():
    badge = '{% include "parts/badge.html" with state=state label=label %}'

    assert "bg-green-lt" in render(badge, state="paid", label="Paid")
    assert "bg-red-lt" in render(badge, state="frozen", label="Frozen")
    assert "&lt;b&gt;" in render(badge, state="unheard-of", label="<b>")
