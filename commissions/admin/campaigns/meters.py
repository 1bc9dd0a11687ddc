"""How much of something is used, as a bar with its figures."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from alliance.kernel.columns import Text


def share_of(used: int, whole: int) -> int:
    """Whole percent, at most a hundred; what was used at all is at least one."""
    if whole <= 0 or used <= 0:
        return 0
    return min(100, max(1, used * 100 // whole))


def meter(used: int, whole: int, said: Text, of: Text) -> SafeString:
    """“¥12.00 of ¥100.00” above a bar; orange from 80 %, red when nothing is left."""
    percent = share_of(used, whole)
    colour = "full" if percent >= 100 else "high" if percent >= 80 else ""
    return format_html(
        '<span class="desk-meter {}" title="{} %"><span class="desk-num">{}</span>'
        '<small class="desk-num">/ {}</small><i><b style="width: {}%"></b></i></span>',
        colour, percent, said, of, percent,
    )  # fmt: skip
