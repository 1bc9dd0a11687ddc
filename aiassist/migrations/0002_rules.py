"""What the AI was told, signed, scored and chosen is written once; decisions stay within limits."""

from django.db import migrations

from alliance.kernel.db import append_only, frozen_but

# What was signed binds: no decision leaves the limits of its group, or touches who is pinned.
WITHIN_LIMITS = """
    CREATE FUNCTION autopilot_within_limits() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE signed record;
    BEGIN
        SELECT g.policy_id, g.least_bps, g.most_bps, n.policy_id AS of_night INTO signed
            FROM aiassist_autopilotgroup g, aiassist_autopilotnight n
            WHERE g.id = NEW.group_id AND n.id = NEW.night_id;
        IF signed.policy_id <> signed.of_night THEN
            RAISE EXCEPTION 'the group is of another policy' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.to_bps <> 0 AND NEW.to_bps NOT BETWEEN signed.least_bps AND signed.most_bps THEN
            RAISE EXCEPTION 'outside of the signed limits' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT FROM aiassist_autopilotpolicy_pinned p
            WHERE p.autopilotpolicy_id = signed.policy_id AND p.affiliate_id = NEW.affiliate_id
        ) THEN
            RAISE EXCEPTION 'this affiliate is pinned' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER aiassist_autopilotdecision_within_limits
        BEFORE INSERT ON aiassist_autopilotdecision
        FOR EACH ROW EXECUTE FUNCTION autopilot_within_limits();
"""
# Written once.
WRITTEN_ONCE = (
    "promptrun",
    "autopilotpolicy",
    "autopilotpolicy_pinned",
    "autopilotgroup",
    "autopilotgroup_products",
    "autopilotnight",
    "riskscore",
    "riskpolicy",
    "copyvariant",
    "copytake",
    "copychoice",
)


class Migration(migrations.Migration):
    replaces = [("aiassist", "0013_unusual_ways")]  # a database at an earlier one is refused
    dependencies = [("aiassist", "0001_tables")]

    operations = [
        *(append_only(f"aiassist_{table}") for table in WRITTEN_ONCE),
        frozen_but(
            "aiassist_autopilotdecision",
            "state",
            "reason",
            "decided_by_id",
            "decided_at",
            "terms_id",
        ),
        migrations.RunSQL(
            WITHIN_LIMITS,
            "DROP TRIGGER aiassist_autopilotdecision_within_limits ON aiassist_autopilotdecision;"
            "DROP FUNCTION autopilot_within_limits()",
        ),
    ]
