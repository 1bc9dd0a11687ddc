"""One settings file, fed by the environment only.

`ALLIANCE_ENV` names where we run: `production` (the default: whoever forgets to say gets the
strict one), `demo` (what `make demo` starts) or `test`. Production refuses to start on a default
secret, with debug on, or without allowed hosts. docs/settings.md lists every variable.
"""

import hashlib
import ipaddress
import re
import tomllib
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from kombu import Exchange, Queue

from alliance.kernel import keys, limits

django_stubs_ext.monkeypatch()  # Django's generic classes can be subscripted at run time too

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where we run -----------------------------------------------------------------------------

ENVIRONMENT = env.str("ALLIANCE_ENV", default="production")
if ENVIRONMENT not in {"production", "demo", "test"}:
    raise ImproperlyConfigured(
        f"ALLIANCE_ENV is {ENVIRONMENT!r}; it must be production, demo or test."
    )
PRODUCTION = ENVIRONMENT == "production"

_INSECURE_SECRET = "insecure-default-for-demo-and-test-only"  # noqa: S105 - refused in production
SECRET_KEY = env.str("SECRET_KEY", default=_INSECURE_SECRET)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
if not PRODUCTION:
    ALLOWED_HOSTS.append(".localhost")  # the demo's shops: every browser finds them here
PUBLIC_URL = env.str("PUBLIC_URL", default="" if PRODUCTION else "http://localhost:8000").rstrip(
    "/"
)

# What statements are signed with (docs/statements.md): the 32 bytes of an Ed25519 key as hex.
_statement_key_file = env.str("STATEMENT_KEY_FILE", default="")
STATEMENT_KEY = (
    Path(_statement_key_file).read_text().strip()
    if _statement_key_file
    else env.str("STATEMENT_KEY", default="")
)
if not (STATEMENT_KEY or PRODUCTION):
    STATEMENT_KEY = hashlib.sha256(f"statements {SECRET_KEY}".encode()).hexdigest()
if STATEMENT_KEY and not re.fullmatch("[0-9a-f]{64}", STATEMENT_KEY):
    raise ImproperlyConfigured("STATEMENT_KEY must be 64 hex digits.")

if PRODUCTION:
    _faults = [
        (
            SECRET_KEY == _INSECURE_SECRET or len(SECRET_KEY) < 50,
            "SECRET_KEY must be set, random, at least 50 characters long",
        ),
        (DEBUG, "DEBUG must be off"),
        (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS, "ALLOWED_HOSTS must name your hosts"),
        (
            not PUBLIC_URL.startswith("https://"),
            "PUBLIC_URL must be the https:// address people use",
        ),
        ("EMAIL_URL" not in env.ENVIRON, "EMAIL_URL must say how mails leave"),
        (not STATEMENT_KEY, "STATEMENT_KEY must be set, statements are signed with it"),
    ]
    if _said := [message for wrong, message in _faults if wrong]:
        raise ImproperlyConfigured("Production will not start: " + "; ".join(_said) + ".")

# --- The alliance's time --------------------------------------------------------------------

# Its days and months turn in this zone, and people see it; the database keeps UTC.
TIME_ZONE = env.str("ALLIANCE_TIME_ZONE", default="Asia/Shanghai")
USE_TZ = True
try:
    ZoneInfo(TIME_ZONE)
except (LookupError, ValueError, OSError):
    raise ImproperlyConfigured(
        f"ALLIANCE_TIME_ZONE is {TIME_ZONE!r}; it must be a name like Europe/Berlin."
    ) from None

# --- Applications -----------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "alliance.apps.DeskConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "template_partials",
    "alliance.kernel",
    "merchants",
    "affiliates",
    "campaigns",
    "commissions",
    "aiassist",
    "alliance.takeout",
    *([] if PRODUCTION else ["alliance.demo"]),
]

MIDDLEWARE = [
    "alliance.kernel.http.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "alliance.accounts.StaffMfaMiddleware",
    "alliance.kernel.http.RequestContextMiddleware",
    "alliance.kernel.http.DomainErrorMiddleware",
]

ROOT_URLCONF = "alliance.urls"
WSGI_APPLICATION = "alliance.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "alliance.navigation.navigation",
                "alliance.desk.waits",
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "alliance.kernel.templatetags.forms",
            ],
        },
    },
]

# --- PostgreSQL, Valkey or Redis ----------------------------------------------------------------

DATABASES = {
    "default": env.db("DATABASE_URL", default="postgres://alliance@127.0.0.1:5432/alliance")
}
DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
_redis = urlsplit(REDIS_URL)
# The cache has a database of its own: emptying it must not empty the broker's queues.
CACHE_URL = env.str(
    "CACHE_URL", default=_redis._replace(path=f"/{int(_redis.path.strip('/') or 0) + 1}").geturl()
)
CACHES = {
    "default": {
        "BACKEND": "alliance.kernel.cache.ForgetfulCache",
        "LOCATION": CACHE_URL,
        # It answers within a millisecond or not at all.
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
# Fetching and mailing take as long as somebody else's server likes. In a queue of their own they
# hold nothing up; a worker that is not told otherwise takes from both.
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), routing_key=name) for name in ("celery", "fetch")]
CELERY_TASK_ROUTES = {
    "merchants.tasks.feed_fetch": {"queue": "fetch"},
    "campaigns.tasks.picture_fetch": {"queue": "fetch"},
    "alliance.kernel.tasks.mails_send": {"queue": "fetch"},
    "commissions.tasks.deliveries_send": {"queue": "fetch"},
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = env.str("CELERY_BEAT_SCHEDULE", default="/tmp/alliance-beat")  # noqa: S108
CELERY_BEAT_SCHEDULE = {
    "orders-sweep": {"task": "commissions.tasks.orders_sweep", "schedule": 60.0},
    "unfunded-sweep": {"task": "commissions.tasks.unfunded_sweep", "schedule": 600.0},
    "funding-review": {"task": "commissions.tasks.funding_review", "schedule": 300.0},
    "bank-credits-match": {"task": "commissions.tasks.bank_credits_match", "schedule": 600.0},
    "imports-sweep": {"task": "commissions.tasks.imports_sweep", "schedule": 300.0},
    "bulk-sweep": {"task": "merchants.tasks.bulk_sweep", "schedule": 120.0},
    # Announced rates begin at midnight; asked more often, so that a missed beat does not last.
    "rates-refresh": {"task": "merchants.tasks.rates_refresh", "schedule": crontab(minute="*/10")},
    "rates-refresh-all": {
        "task": "merchants.tasks.rates_refresh",
        "schedule": crontab(hour="4", minute="5"),
        "kwargs": {"everything": True},
    },
    "feeds-fetch": {"task": "merchants.tasks.feeds_fetch", "schedule": 60.0},
    "products-end": {"task": "merchants.tasks.products_end", "schedule": crontab(minute="*/10")},
    "sales-count": {
        "task": "merchants.tasks.sales_count",
        "schedule": crontab(hour="4", minute="15"),
    },
    "imports-forget": {
        "task": "merchants.tasks.imports_forget",
        "schedule": crontab(hour="3", minute="45"),
    },
    "violations-sweep": {"task": "commissions.tasks.violations_sweep", "schedule": 300.0},
    "applications-lapse": {
        "task": "affiliates.tasks.applications_lapse",
        "schedule": crontab(hour="3", minute="15"),
    },
    "clicks-drain": {"task": "affiliates.tasks.clicks_drain", "schedule": 60.0},
    "claims-turn": {"task": "campaigns.tasks.claims_turn", "schedule": 60.0},
    "claims-sweep": {"task": "campaigns.tasks.claims_sweep", "schedule": 3600.0},
    "matches-make": {
        "task": "aiassist.tasks.matches_make",
        "schedule": crontab(hour="4", minute="35"),
    },
    # Until five, so that a missed beat does not cost the night; looked is once.
    "autopilots-wake": {
        "task": "aiassist.tasks.autopilots_wake",
        "schedule": crontab(hour="3-5", minute="10,40"),
    },
    # Before the rewards of the day are paid (awards-pay).
    "risk-scores-make": {
        "task": "aiassist.tasks.risk_scores_make",
        "schedule": crontab(hour="0", minute="40"),
    },
    "task-odds-wake": {
        "task": "aiassist.tasks.task_odds_wake",
        "schedule": crontab(hour="4", minute="50"),
    },
    "task-odds-catch-up": {"task": "aiassist.tasks.task_odds_catch_up", "schedule": 300.0},
    "copy-runs-sweep": {"task": "aiassist.tasks.copy_runs_sweep", "schedule": 120.0},
    # When the clicks of the hour are counted, and what shops report late is there.
    "anomalies-look": {"task": "aiassist.tasks.anomalies_look", "schedule": crontab(minute="12")},
    "posts-remind": {"task": "aiassist.tasks.posts_remind", "schedule": 300.0},
    "takeouts-sweep": {"task": "alliance.takeout.tasks.takeouts_sweep", "schedule": 600.0},
    "boards-make": {"task": "campaigns.tasks.boards_make", "schedule": crontab(minute="25")},
    "coupons-turn": {"task": "commissions.tasks.coupons_turn", "schedule": 300.0},
    "campaigns-turn": {"task": "commissions.tasks.campaigns_turn", "schedule": 60.0},
    "clicks-count": {"task": "affiliates.tasks.clicks_count", "schedule": 60.0},
    "touches-turn": {"task": "affiliates.tasks.touches_turn", "schedule": 3600.0},
    "standings-count": {"task": "commissions.tasks.standings_count", "schedule": 600.0},
    "offers-lapse": {"task": "commissions.tasks.offers_lapse", "schedule": 600.0},
    "campaigns-evaluate": {"task": "commissions.tasks.campaigns_evaluate", "schedule": 3600.0},
    "awards-pay": {
        "task": "commissions.tasks.awards_pay",
        "schedule": crontab(hour="1", minute="30"),
    },
    "payouts-reconcile": {"task": "commissions.tasks.payouts_reconcile", "schedule": 300.0},
    "payouts-auto-release": {"task": "commissions.tasks.payouts_auto_release", "schedule": 300.0},
    "debts-write-off": {
        "task": "commissions.tasks.debts_write_off",
        "schedule": crontab(hour="5", minute="0"),
    },
    "settlement-monthly": {
        "task": "commissions.tasks.settlement_monthly",
        "schedule": crontab(hour="2", minute="0"),
    },
    "invoices-issue": {
        "task": "commissions.tasks.invoices_issue",
        "schedule": crontab(hour="3", minute="0"),
    },
    "statements-sweep": {"task": "commissions.tasks.statements_sweep", "schedule": 300.0},
    "deliveries-send": {"task": "commissions.tasks.deliveries_send", "schedule": 15.0},
    "deliveries-forget": {
        "task": "commissions.tasks.deliveries_forget",
        "schedule": crontab(hour="3", minute="55"),
    },
    "mails-send": {"task": "alliance.kernel.tasks.mails_send", "schedule": 60.0},
    "notifications-forget": {
        "task": "alliance.kernel.tasks.notifications_forget",
        "schedule": crontab(hour="3", minute="50"),
    },
    # Until noon, so that a missed beat does not cost the week; told is it once.
    "reports-weekly": {
        "task": "commissions.tasks.reports_weekly",
        "schedule": crontab(day_of_week="mon", hour="9-12", minute="0,30"),
    },
    "idempotent-calls-forget": {
        "task": "alliance.kernel.tasks.idempotent_calls_forget",
        "schedule": crontab(hour="3", minute="30"),
    },
    "ledger-verify": {
        "task": "commissions.tasks.ledger_verify",
        "schedule": crontab(hour="4", minute="30"),
    },
}

# --- People -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "kernel.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    *(["django.contrib.auth.hashers.MD5PasswordHasher"] if ENVIRONMENT == "test" else []),
]
if ENVIRONMENT == "test":
    PASSWORD_HASHERS.reverse()
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_ADAPTER = "alliance.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "alliance.accounts.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
MFA_ADAPTER = "alliance.accounts.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_TOTP_ISSUER = "Taoke Alliance"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# Whoever enters the operations desk needs a second step. Off in the demo, where anyone may look.
REQUIRE_STAFF_MFA = env.bool("REQUIRE_STAFF_MFA", default=PRODUCTION)
if ENVIRONMENT == "test":
    ACCOUNT_RATE_LIMITS = False

EMAIL_CONFIG = env.email("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Taoke Alliance <alliance@localhost>")

# --- Doors --------------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
PROXY_HOPS = env.int("PROXY_HOPS", default=0)
if env.bool("TRUST_PROXY_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
CONTENT_SECURITY_POLICY = {
    # The operations desk's theme evaluates expressions; it is behind staff login and left out.
    "EXCLUDE_URL_PREFIXES": ["/admin/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "https:"],  # shops' own product pictures
        "style-src": [SELF, "'unsafe-inline'"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Networks of our own that addresses given by others may lead to, for trying things out: none where
# it counts (alliance.kernel.outbound).
OUTBOUND_INTERNAL = env.list("OUTBOUND_INTERNAL", default=[])
if OUTBOUND_INTERNAL and PRODUCTION:
    raise ImproperlyConfigured("OUTBOUND_INTERNAL is for demo and test only.")
try:
    for _network in OUTBOUND_INTERNAL:
        ipaddress.ip_network(_network)
except ValueError as exc:
    raise ImproperlyConfigured(f"OUTBOUND_INTERNAL: {exc}.") from exc

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["alliance.kernel.access.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["alliance.kernel.parsers.PlainJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "alliance.kernel.schema.ApiSchema",
    "DEFAULT_THROTTLE_CLASSES": ["alliance.kernel.rest.limits.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"key": env.str("API_RATE", default="600/min")},
    "EXCEPTION_HANDLER": "alliance.kernel.http.api_exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Taoke Alliance API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "alliance.kernel.schema.with_refusals",
        "commissions.outgoing.described.with_webhooks",
    ],
    "ENUM_NAME_OVERRIDES": {
        "OrderStateEnum": "merchants.models.OrderState",
        "CommissionStateEnum": "commissions.models.CommissionState",
        "DeliveryStateEnum": "alliance.kernel.models.DeliveryState",
        "WebhookStateEnum": "alliance.kernel.models.EndpointState",
        "ProductStateEnum": "merchants.models.ProductState",
        "RefundStateEnum": "merchants.services.order_reports.REFUND_STATES",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Languages ----------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True

# --- Files --------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "media")))
# Where clicks wait for a moment on their way to the database (affiliates.spool).
CLICKS_DIR = Path(env.str("CLICKS_DIR", default=str(BASE_DIR / "clicks")))
# Where archives of people's data wait to be downloaded (alliance.takeout). Served by nobody else.
TAKEOUT_DIR = Path(env.str("TAKEOUT_DIR", default=str(BASE_DIR / "takeouts")))
# A font file with the letters of the alliance's languages (campaigns.posters).
POSTER_FONT = env.str("POSTER_FONT", default="")
if POSTER_FONT and not Path(POSTER_FONT).is_file():
    raise ImproperlyConfigured(f"POSTER_FONT: there is no file {POSTER_FONT}.")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
if ENVIRONMENT == "test":  # every client of a test would look through all files anew
    WHITENOISE_AUTOREFRESH = True

# --- The trade's defaults (docs/domain.md gives the reasons) --------------------------------------


def _limit(name: str, default: int) -> limits.Limit:
    try:
        return limits.parse(env.str(name, default=str(default)))
    except ValueError as exc:
        raise ImproperlyConfigured(f"{name} {exc}.") from exc


ALLIANCE = {
    "CURRENCY": env.str("ALLIANCE_CURRENCY", default="CNY"),
    # How long clicks and claims are kept; what was counted from them stays.
    "TOUCHES_KEPT_DAYS": env.int("TOUCHES_KEPT_DAYS", default=400),
    # How often one app may call the gateway (docs/gateway.md).
    "GATEWAY_SEASON_MINUTES": env.int("GATEWAY_SEASON_MINUTES", default=20),
    "GATEWAY_CALLS_PER_MINUTE": env.int("GATEWAY_CALLS_PER_MINUTE", default=600),
    # docs/domain.md §0.6: the affiliate's share of the commission, before the tech fee.
    "SHARE_BPS": env.int("SHARE_BPS", default=9000),
    # docs/domain.md §4.2: technical service fee, and what it is taken of.
    "TECH_FEE_BPS": env.int("TECH_FEE_BPS", default=1000),
    "TECH_FEE_BASE": env.str("TECH_FEE_BASE", default="own_share"),
    # docs/domain.md §2.2: bounds of a commission rate.
    "RATE_MIN_BPS": env.int("RATE_MIN_BPS", default=150),
    "RATE_MAX_BPS": env.int("RATE_MAX_BPS", default=9000),
    # How long a closed settlement may owe its statements before the books do not verify. In tests
    # nobody issues them who was not asked to.
    "STATEMENTS_WITHIN_DAYS": env.int(
        "STATEMENTS_WITHIN_DAYS", default=3650 if ENVIRONMENT == "test" else 3
    ),
    # docs/domain.md §4.4: last month settles on this day; withdrawals open the day after.
    "SETTLEMENT_DAY": env.int("SETTLEMENT_DAY", default=20),
    "WITHDRAWAL_MIN_MINOR": _limit("WITHDRAWAL_MIN_MINOR", default=100),
    # Who issues invoices and statements, and where merchants transfer to; \n begins a new line.
    "LEGAL_NAME": env.str("ALLIANCE_LEGAL_NAME", default="" if PRODUCTION else "Taoke Alliance"),
    "ADDRESS": env.str("ALLIANCE_ADDRESS", multiline=True, default=""),
    "TAX_ID": env.str("ALLIANCE_TAX_ID", default=""),
    # Where people write who object to a decision that has no page for it.
    "CONTACT": env.str("ALLIANCE_CONTACT", default=parseaddr(DEFAULT_FROM_EMAIL)[1]),
    "BANK_DETAILS": env.str(
        "ALLIANCE_BANK_DETAILS",
        multiline=True,
        default="" if PRODUCTION else "Taoke Alliance\nDemo Bank\n6222 0000 0000 0618",
    ),
    # Hours that withdrawals to a new payee account wait. Tests of everything else do not.
    "PAYEE_HOLD_HOURS": env.int("PAYEE_HOLD_HOURS", default=0 if ENVIRONMENT == "test" else 72),
    # Withdrawals of an affiliate up to this sum a day need nobody to release them. 0: all do.
    "RELEASE_LIMIT_MINOR": _limit("RELEASE_LIMIT_MINOR", default=0),
    # docs/domain.md §4.5: what is withheld from individuals (commissions/tax.py has the rules).
    "TAX_STRATEGY": env.str("TAX_STRATEGY", default="none"),
    "TAX_FLAT_BPS": env.int("TAX_FLAT_BPS", default=0),
    # Debts above this are written off by two people; below the other, old ones by nobody.
    "WRITE_OFF_LIMIT_MINOR": _limit("WRITE_OFF_LIMIT_MINOR", default=0),
    "WRITE_OFF_AUTO_MINOR": _limit("WRITE_OFF_AUTO_MINOR", default=0),
    # Campaigns with a greater budget are published by somebody other than who made them.
    "CAMPAIGN_APPROVAL_MINOR": env.int("CAMPAIGN_APPROVAL_MINOR", default=0),
    # What one person of finance may let into a merchant's wallet a day; above that it takes two.
    # Tests of everything else need not mind.
    "TOP_UP_LIMIT_MINOR": _limit(
        "TOP_UP_LIMIT_MINOR", default=10**15 if ENVIRONMENT == "test" else 5_000_000
    ),
    # docs/violations.md: days to appeal, to answer an appeal, and that a zone stays frozen.
    "VIOLATION_APPEAL_DAYS": env.int("VIOLATION_APPEAL_DAYS", default=15),
    "VIOLATION_ANSWER_DAYS": env.int("VIOLATION_ANSWER_DAYS", default=7),
    "VIOLATION_FREEZE_DAYS": env.int("VIOLATION_FREEZE_DAYS", default=30),
    # docs/anomalies.md: a figure that stands out by less is not noted.
    "ANOMALY_LEAST_MINOR": env.int("ANOMALY_LEAST_MINOR", default=100_000),
    # docs/claims.md: how long after the end of a coupon its shop may report the order with it.
    "COUPON_REPORT_MINUTES": env.int("COUPON_REPORT_MINUTES", default=60),
    # Claims in a minute of one device; in ten minutes of one network, more for each kind of browser
    # that is seen there, up to the last.
    "CLAIMS_PER_DEVICE": env.int("CLAIMS_PER_DEVICE", default=10),
    "CLAIMS_PER_NETWORK": env.int("CLAIMS_PER_NETWORK", default=200),
    "CLAIMS_PER_BROWSER": env.int("CLAIMS_PER_BROWSER", default=100),
    "CLAIMS_NETWORK_MOST": env.int("CLAIMS_NETWORK_MOST", default=10_000),
}
_faults = [
    (
        ALLIANCE["TECH_FEE_BASE"] not in {"own_share", "order_commission"},
        "TECH_FEE_BASE must be own_share or order_commission",
    ),
    (
        not 1 <= ALLIANCE["SETTLEMENT_DAY"] <= 28,
        "SETTLEMENT_DAY must be a day that every month has",
    ),
    (limits.least(ALLIANCE["WITHDRAWAL_MIN_MINOR"]) < 1, "WITHDRAWAL_MIN_MINOR must be above zero"),
    (
        ALLIANCE["TAX_STRATEGY"] not in {"none", "flat", "cn_labour"},
        "TAX_STRATEGY must be none, flat or cn_labour",
    ),
    (
        ALLIANCE["TAX_STRATEGY"] == "cn_labour" and ALLIANCE["CURRENCY"] != "CNY",
        "TAX_STRATEGY cn_labour counts in yuan: ALLIANCE_CURRENCY must be CNY",
    ),
    (ALLIANCE["TAX_FLAT_BPS"] == 10_000, "TAX_FLAT_BPS must leave something to send"),
    *(
        (limits.least(ALLIANCE[name]) < 0, f"{name} must not be negative")
        for name in (
            "PAYEE_HOLD_HOURS",
            "TOP_UP_LIMIT_MINOR",
            "RELEASE_LIMIT_MINOR",
            "WRITE_OFF_LIMIT_MINOR",
            "WRITE_OFF_AUTO_MINOR",
            "ANOMALY_LEAST_MINOR",
            "COUPON_REPORT_MINUTES",
            "CLAIMS_PER_DEVICE",
            "CLAIMS_PER_NETWORK",
            "CLAIMS_PER_BROWSER",
            "CLAIMS_NETWORK_MOST",
        )
    ),
    *(
        (not 1 <= ALLIANCE[name] <= 365, f"{name} must be from 1 to 365 days")
        for name in ("VIOLATION_APPEAL_DAYS", "VIOLATION_ANSWER_DAYS", "VIOLATION_FREEZE_DAYS")
    ),
    *(
        (not 0 <= ALLIANCE[name] <= 10_000, f"{name} must be from 0 to 10000 basis points")
        for name in ("SHARE_BPS", "TECH_FEE_BPS", "RATE_MIN_BPS", "RATE_MAX_BPS", "TAX_FLAT_BPS")
    ),
    (ALLIANCE["RATE_MIN_BPS"] > ALLIANCE["RATE_MAX_BPS"], "RATE_MIN_BPS is above RATE_MAX_BPS"),
    (
        # The longest window is 90 days, and shops may report as much later.
        ALLIANCE["TOUCHES_KEPT_DAYS"] < 180,
        "TOUCHES_KEPT_DAYS must be 180 at least",
    ),
    (ALLIANCE["GATEWAY_SEASON_MINUTES"] < 0, "GATEWAY_SEASON_MINUTES is 0 or more"),
    (ALLIANCE["GATEWAY_CALLS_PER_MINUTE"] < 1, "GATEWAY_CALLS_PER_MINUTE must be 1 at least"),
]
if _said := [message for wrong, message in _faults if wrong]:
    raise ImproperlyConfigured("The trade's defaults: " + "; ".join(_said) + ".")

# --- Language models (docs/providers.md) ----------------------------------------------------------

# Who writes where a model may. Offline, everything is answered by our own rules, and nothing leaves
# the house.
LLM = {
    "PROVIDER": env.str("LLM_PROVIDER", default="offline"),
    "BASE_URL": env.str("LLM_BASE_URL", default="").rstrip("/"),
    "MODEL": env.str("LLM_MODEL", default=""),
    "API_KEY": env.str("LLM_API_KEY", default=""),
    # Lets the address be http and lead into our own network: a model on a machine of ours.
    "PRIVATE": env.bool("LLM_PRIVATE", default=False),
    # How an answer is brought into form: `schema`, `tool` or `prompt`.
    "STRUCTURE": env.str("LLM_STRUCTURE", default="schema"),
    "SECONDS": env.int("LLM_SECONDS", default=30),  # for one answer, all tries together
    "RETRIES": env.int("LLM_RETRIES", default=2),
    "MAX_TOKENS": env.int("LLM_MAX_TOKENS", default=1000),  # of one answer
    "TOKENS_PER_DAY": env.int("LLM_TOKENS_PER_DAY", default=500_000),
    "COST_PER_DAY_MINOR": env.int(
        "LLM_COST_PER_DAY_MINOR", default=0
    ),  # 0: tokens are counted only
    # What a million tokens cost, read and written, in minor units of the currency.
    "PRICE_IN_MINOR": env.int("LLM_PRICE_IN_MINOR", default=0),
    "PRICE_OUT_MINOR": env.int("LLM_PRICE_OUT_MINOR", default=0),
    "CURRENCY": env.str("LLM_CURRENCY", default=ALLIANCE["CURRENCY"]),
}
_online = LLM["PROVIDER"] != "offline"
_faults = [
    (
        LLM["PROVIDER"] not in {"offline", "openai_compatible"},
        "LLM_PROVIDER must be offline or openai_compatible",
    ),
    (_online and not LLM["MODEL"], "LLM_MODEL must name the model"),
    (
        _online
        and not LLM["BASE_URL"].startswith(
            ("https://", "http://") if LLM["PRIVATE"] else "https://"
        ),
        "LLM_BASE_URL must be an https:// address, or http:// with LLM_PRIVATE",
    ),
    (
        LLM["STRUCTURE"] not in {"schema", "tool", "prompt"},
        "LLM_STRUCTURE must be schema, tool or prompt",
    ),
    *(
        (LLM[name] < least, f"LLM_{name} must be {least} at least")
        for name, least in (
            ("SECONDS", 1),
            ("RETRIES", 0),
            ("MAX_TOKENS", 1),
            ("TOKENS_PER_DAY", 0),
            ("COST_PER_DAY_MINOR", 0),
            ("PRICE_IN_MINOR", 0),
            ("PRICE_OUT_MINOR", 0),
        )
    ),
]
if _said := [message for wrong, message in _faults if wrong]:
    raise ImproperlyConfigured("The language model: " + "; ".join(_said) + ".")

# --- Payout rails (docs/rails.md) -----------------------------------------------------------------

# What each rail needs, in the environment under <RAIL>_<NAME>. A rail of which something is said
# must be complete; one of which nothing is said is not offered.
_RAILS = {
    "bank_file": {
        "NAME": env.str("BANK_FILE_NAME", default=""),
        "ACCOUNT": "".join(env.str("BANK_FILE_ACCOUNT", default="").split()).upper(),
        "BIC": env.str("BANK_FILE_BIC", default="").upper(),
    },
    "alipay": {
        "APP_ID": env.str("ALIPAY_APP_ID", default=""),
        "PRIVATE_KEY": keys.pem(env.str("ALIPAY_PRIVATE_KEY", default="")),
        "PUBLIC_KEY": keys.pem(env.str("ALIPAY_PUBLIC_KEY", default="")),
        "APP_CERT": keys.pem(env.str("ALIPAY_APP_CERT", default="")),
        "ROOT_CERT": keys.pem(env.str("ALIPAY_ROOT_CERT", default="")),
        "GATEWAY": env.str("ALIPAY_GATEWAY", default="https://openapi.alipay.com/gateway.do"),
    },
    "paypal": {
        "CLIENT_ID": env.str("PAYPAL_CLIENT_ID", default=""),
        "SECRET": env.str("PAYPAL_SECRET", default=""),
        "API": env.str("PAYPAL_API", default="https://api-m.paypal.com").rstrip("/"),
    },
}
RAILS = {
    rail: said
    for rail, said in _RAILS.items()
    if any(env.ENVIRON.get(f"{rail.upper()}_{name}") for name in said)
}
_faults = [
    *(
        (rail in RAILS and not RAILS[rail][name], f"{rail.upper()}_{name} is missing or unreadable")
        for rail, name in (
            ("bank_file", "NAME"),
            ("bank_file", "ACCOUNT"),
            ("alipay", "APP_ID"),
            ("alipay", "PRIVATE_KEY"),
            ("alipay", "PUBLIC_KEY"),
            ("paypal", "CLIENT_ID"),
            ("paypal", "SECRET"),
        )
    ),
]
if _alipay := RAILS.get("alipay"):
    _faults += [
        (
            not keys.is_rsa(_alipay["PRIVATE_KEY"], private=True),
            "ALIPAY_PRIVATE_KEY must be an RSA private key (PEM, 2048 bits or more) or its file",
        ),
        (
            not keys.is_rsa(_alipay["PUBLIC_KEY"]),
            "ALIPAY_PUBLIC_KEY must be Alipay's RSA public key or certificate (PEM) or its file",
        ),
        (
            bool(_alipay["APP_CERT"]) != bool(_alipay["ROOT_CERT"]),
            "ALIPAY_APP_CERT and ALIPAY_ROOT_CERT go together",
        ),
    ]
_faults += [
    (
        not _RAILS[rail][name].startswith("https://") and PRODUCTION,
        f"{rail.upper()}_{name} must be an https:// address",
    )
    for rail, name in (("alipay", "GATEWAY"), ("paypal", "API"))
]
if _said := [message for wrong, message in _faults if wrong]:
    raise ImproperlyConfigured("The payout rails: " + "; ".join(_said) + ".")

# --- Logs ---------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"one_line": {"()": "alliance.kernel.logs.OneLine"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["one_line"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Its lines at INFO are whole addresses, with the signatures and numbers in them.
    "loggers": {"httpx": {"level": "WARNING"}, "httpx2": {"level": "WARNING"}},
}

# --- The look ---------------------------------------------------------------------------------

# One place says which version this is: the footer of each page shows it.
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
_BRAND = {
    "50": "oklch(97.5% .014 40)",
    "100": "oklch(94.5% .032 40)",
    "200": "oklch(89.5% .065 40)",
    "300": "oklch(82% .115 40)",
    "400": "oklch(73% .17 40)",
    "500": "oklch(65% .2 38)",
    "600": "oklch(57.5% .195 36)",
    "700": "oklch(50% .175 36)",
    "800": "oklch(43% .145 36)",
    "900": "oklch(37.5% .115 36)",
    "950": "oklch(26% .08 36)",
}
_STONE = {
    "50": "oklch(98.5% .001 106)",
    "100": "oklch(97% .001 106)",
    "200": "oklch(92.3% .003 49)",
    "300": "oklch(86.9% .005 56)",
    "400": "oklch(70.9% .01 56)",
    "500": "oklch(53% .012 58)",
    "600": "oklch(44.4% .011 74)",
    "700": "oklch(37.4% .01 68)",
    "800": "oklch(26.8% .007 34)",
    "900": "oklch(21.6% .006 56)",
    "950": "oklch(14.7% .004 49)",
}
UNFOLD = {
    "SITE_TITLE": _("Operations desk"),
    "SITE_HEADER": "Taoke Alliance",
    "SITE_SUBHEADER": _("Operations desk"),
    "SITE_ICON": lambda request: static("img/favicon.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": _BRAND, "base": _STONE},
    "STYLES": [lambda request: static("css/desk.css")],
    "DASHBOARD_CALLBACK": "alliance.desk.dashboard",
    "TABS": "alliance.desk.tabs",
    "COMMAND": {"search_models": False, "search_callback": "alliance.desk_search.command"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Two-factor sign-in"), "link": reverse_lazy("mfa_index")},
            {"title": _("Change password"), "link": reverse_lazy("account_change_password")},
        ]
    },
}
