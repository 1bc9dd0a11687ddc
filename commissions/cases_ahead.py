"""What comes next in a case, so that nobody has to know the rules by heart (docs/violations.md)."""

from django.conf import settings
from django.utils.translation import gettext as _

from alliance.kernel import clock
from alliance.kernel.templatetags.alliance import moment
from commissions.models import Appeal, Violation, ViolationState


def ahead(case: Violation, waiting: Appeal | None, *, second: bool) -> list[str]:
    """In sentences, in the order in which it can come; nothing where the case is over. `waiting`:
    the appeal that a person has yet to answer; `second`: there has been one before the next."""
    if case.state != ViolationState.OPEN:
        return []
    days = settings.ALLIANCE["VIOLATION_APPEAL_DAYS"]
    consequence = str(case.get_consequence_display())
    if waiting:
        return [
            _("By %(until)s a person answers your appeal.")
            % {"until": moment(waiting.answer_until, "date")},
            _("If they agree with you, the case is closed and the money goes on."),
            _second(days) if waiting.instance == 1 else _upheld(consequence),
        ]
    if clock.now() >= case.appeal_until:
        return [_upheld(consequence)]
    return [
        (
            _("Until %(until)s you can ask for the second instance.")
            if second
            else _("Until %(until)s you can appeal.")
        )
        % {"until": moment(case.appeal_until)},
        _("Within %(days)d days of it a person answers who has not decided in the case before.")
        % {"days": settings.ALLIANCE["VIOLATION_ANSWER_DAYS"]},
        _("Without an appeal the case is upheld then: %(consequence)s.")
        % {"consequence": consequence},
    ]


def _second(days: int) -> str:
    return _(
        "If not, you have %(days)d days to ask for the second instance: somebody else looks at "
        "everything again."
    ) % {"days": days}


def _upheld(consequence: str) -> str:
    return _("If not, the case is upheld: %(consequence)s.") % {"consequence": consequence}
