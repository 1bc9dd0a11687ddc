"""The project as it is, and among its URLs the page that the claims are measured against."""

from alliance.settings import *  # noqa: F403

ROOT_URLCONF = "bench.plain"
