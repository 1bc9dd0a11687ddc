"""Cases against affiliates: one to appeal against, one with an appeal that waits, one released."""

from affiliates.models import Affiliate
from alliance.demo.load.stage import Promoter, Stage
from alliance.demo.people import DEMO_AFFILIATE
from commissions import tasks
from commissions.models import Commission, CommissionState, PayeeRole, Violation, ViolationType
from commissions.services.appeals import appeal_file
from commissions.services.violations import Target, violation_open, violation_release

APPEALS = "koffein"  # whose appeal waits for somebody at the desk
CLEARED = "ajie"
ZONE_DAYS = 9  # ago that its ad zone was frozen: from then on it builds no links there


def cases_plan(stage: Stage) -> None:
    """Put on the agenda what the staff of risk found in the last two weeks."""
    stage.agenda.at(stage.ago(days=3), _open_about_order, stage)
    stage.agenda.at(stage.ago(days=ZONE_DAYS), _open_about_zone, stage)
    stage.agenda.at(stage.ago(days=12), _open_and_release, stage)


def _open_about_order(stage: Stage) -> None:
    if due := _last_confirmed(stage.promoters[DEMO_AFFILIATE].affiliate):
        _open(
            stage,
            due,
            ViolationType.ABNORMAL,
            "点击后 0.8 秒即下单，且无页面停留，请说明推广方式。",
            points=3,
        )


def _open_about_zone(stage: Stage) -> None:
    promoter = stage.promoters[APPEALS]
    zone = promoter.zones[0][0]
    case = _open(
        stage,
        zone,
        ViolationType.FOREIGN_SOURCE,
        "该推广位的点击来自一个未备案的网站。",
        points=6,
    )
    stage.agenda.at(stage.ago(days=2), _appeal, promoter, case)


def _appeal(promoter: Promoter, case: Violation) -> None:
    appeal_file(
        actor=promoter.user,
        violation=case,
        text="Das ist unser Newsletter-Archiv, es liegt auf einer eigenen Adresse. "
        "Wir haben sie jetzt nachgetragen.",
    )


def _open_and_release(stage: Stage) -> None:
    if due := _last_confirmed(stage.promoters[CLEARED].affiliate):
        case = _open(stage, due, ViolationType.FAKE_TRADE, "收货地址与推广者一致。", points=12)
        stage.agenda.at(stage.ago(days=11), _release, stage, case)


def _release(stage: Stage, case: Violation) -> None:
    words = "地址核对有误，属于同一栋楼的另一位住户。"
    violation_release(actor=stage.staff["ops"], violation=case, words=words)
    tasks.violation_apply(case.pk)


def _open(stage: Stage, target: Target, reason: int, text: str, *, points: int) -> Violation:
    case = violation_open(
        actor=stage.staff["risk"],
        target=target,
        reason=reason,
        consequence="invalidate",
        severity="general",
        points=points,
        text=text,
    )
    tasks.violation_apply(case.pk)
    return case


def _last_confirmed(affiliate: Affiliate) -> Commission | None:
    """The newest one of its own clicks that waits for its settlement."""
    own = Commission.objects.unsettled().filter(role=PayeeRole.AFFILIATE)
    waiting = own.filter(affiliate=affiliate)
    return waiting.filter(state=CommissionState.CONFIRMED).order_by("-placed_at").first()
