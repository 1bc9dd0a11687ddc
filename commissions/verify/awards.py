"""What campaigns pay at their close: by standing, step by step, funded before it is promised."""

from django.utils.translation import gettext_lazy as _

from commissions.verify.base import Invariant

INVARIANTS = (
    Invariant(
        "awards_follow_standings",
        _("No award is above what the final standing of its affiliate earns."),
        ("commissions_award", "campaigns_standing WHERE final"),
        """
        SELECT 'award ' || a.id || ' is of ' || a.amount_minor || ', its standing earns '
               || coalesce(s.reward_minor, 0)
        FROM commissions_award a
        LEFT JOIN campaigns_standing s
            ON s.campaign_id = a.campaign_id AND s.affiliate_id = a.affiliate_id AND s.final
        WHERE a.amount_minor > 0
          -- Refunds that come later than the clawback reaches change the standing only.
          AND (a.paid_at IS NULL OR s.counted_at IS NULL
               OR s.counted_at <= a.paid_at + interval '30 days')
          AND (a.amount_minor > coalesce(s.reward_minor, 0) OR a.rank IS DISTINCT FROM s.rank)
        """,
    ),
    Invariant(
        "awards_are_sums",
        _("Every award is the sum of its steps, each booked under its own key."),
        ("commissions_award", "commissions_awardstep"),
        """
        SELECT 'award ' || a.id || ' is of ' || a.amount_minor || ', its steps say '
               || coalesce(sum(t.amount_minor), 0)
        FROM commissions_award a
        LEFT JOIN commissions_awardstep t ON t.award_id = a.id
        GROUP BY a.id
        HAVING (a.amount_minor, a.reserved_minor, a.booked_minor, a.revision)
            IS DISTINCT FROM (
                coalesce(sum(t.amount_minor), 0), coalesce(sum(t.reserved_minor), 0),
                coalesce(sum(t.booked_minor), 0), coalesce(max(t.revision), 0)
            )
        UNION ALL
        SELECT 'award ' || t.award_id || ' r' || t.revision || ' moved '
               || coalesce(booked.minor, 0) || ' of its affiliate''s, its step says '
               || t.booked_minor
        FROM commissions_awardstep t
        JOIN commissions_award a ON a.id = t.award_id
        LEFT JOIN commissions_entry e ON e.id = t.entry_id
            AND e.key = 'award:' || t.award_id || ':r' || t.revision
        LEFT JOIN LATERAL (
            SELECT sum(CASE WHEN own.id = l.credit_id THEN l.amount_minor ELSE -l.amount_minor END)
                   AS minor
            FROM commissions_line l
            JOIN commissions_account own ON own.id IN (l.debit_id, l.credit_id)
                AND own.owner = 'affiliate:' || a.affiliate_id
            WHERE l.entry_id = e.id
        ) booked ON true
        WHERE coalesce(booked.minor, 0) <> t.booked_minor
        """,
    ),
    Invariant(
        "tasks_are_funded",
        _("Every task that was offered or runs has its greatest reward set aside, and no other."),
        ("campaigns_enrolment WHERE reserved_minor > 0",),
        """
        SELECT 'enrolment ' || e.id || ' is ' || e.state || ' and has ' || e.reserved_minor
               || ' set aside, its estimate is ' || e.reward_minor
        FROM campaigns_enrolment e JOIN campaigns_campaign c ON c.id = e.campaign_id
        WHERE e.state IN ('offered', 'accepted') AND (
                c.kind = 'guaranteed_task' AND e.reserved_minor = 0
                OR c.kind = 'guaranteed_task' AND e.reward_minor > e.reserved_minor
                OR c.kind <> 'guaranteed_task' AND e.reserved_minor > 0
              )
           OR e.state NOT IN ('offered', 'accepted') AND e.reserved_minor > 0
        UNION ALL
        SELECT 'enrolment ' || e.id || ' is ' || e.state || ', its award ' || a.id || ' is '
               || a.state
        FROM campaigns_enrolment e
        JOIN commissions_award a ON a.enrolment_id = e.id
        WHERE e.state <> CASE a.state WHEN 'review' THEN 'evaluating' WHEN 'due' THEN 'approved'
                                      WHEN 'paid' THEN 'settled' ELSE 'failed' END
        """,
    ),
)
