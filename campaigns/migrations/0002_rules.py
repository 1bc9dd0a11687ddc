"""The hot path of the season: one SQL function takes a slot and writes the claim."""

from django.db import migrations

from alliance.kernel.db import frozen_but

CLAIM_TAKE = """
CREATE FUNCTION claim_take(
    p_stock bigint, p_buyer text, p_day date, p_now timestamptz, p_code text, p_link bigint,
    p_affiliate bigint, p_zone bigint, p_shop bigint, p_product bigint, p_network text,
    p_trail boolean,
    OUT outcome text, OUT code text, OUT face_minor bigint, OUT expires_at timestamptz,
    OUT state text
) LANGUAGE plpgsql AS $$
-- No row is locked that others want: the stock is only read, slots come from its sequence, and the
-- unique indexes of the claims decide. What it answers is durable when its statement is committed.
DECLARE
    s record;
    v_slot bigint;
    v_until timestamptz;
    v_holder text;
BEGIN
    SELECT st.campaign_id, st.state AS stock, st.mode, st.size, st.faces, st.valid_minutes,
           st.until_end, st.per_buyer, st.pause_days,
           st.per_buyer IS NOT NULL OR st.pause_days > 0 AS bounded, st.currency, c.state, c.ends_at,
           coalesce(st.opens_at, c.starts_at) AS opens_at,
           least(st.closes_at, c.ends_at) AS closes_at
    INTO s
    FROM campaigns_couponstock st JOIN campaigns_campaign c ON c.id = st.campaign_id
    WHERE st.id = p_stock;
    IF NOT FOUND THEN
        outcome := 'unknown';
        RETURN;
    END IF;

    -- Who has one is told so first, whatever became of the stock since.
    SELECT 'again', cl.code, cl.face_minor, cl.expires_at, cl.state
    INTO outcome, code, face_minor, expires_at, state
    FROM campaigns_claim cl
    WHERE cl.campaign_id = s.campaign_id AND cl.buyer_key = p_buyer AND cl.day = p_day;
    IF FOUND THEN
        RETURN;
    END IF;

    IF s.stock <> 'open' OR s.state NOT IN ('scheduled', 'live', 'paused') THEN
        outcome := 'ended';
    ELSIF p_now >= s.closes_at THEN
        outcome := 'ended';
    ELSIF s.state = 'paused' THEN
        outcome := 'paused';
    ELSIF p_now < s.opens_at THEN
        outcome := 'early';
    ELSIF s.bounded THEN
        IF EXISTS (
            SELECT FROM campaigns_claim cl
            WHERE cl.campaign_id = s.campaign_id AND cl.buyer_key = p_buyer
                AND cl.day > p_day - s.pause_days AND cl.state IN ('held', 'used', 'entered')
        ) OR s.per_buyer <= (
            SELECT count(*) FROM campaigns_claim cl
            WHERE cl.campaign_id = s.campaign_id AND cl.buyer_key = p_buyer
        ) THEN
            outcome := 'enough';
        END IF;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;

    v_until := p_now + make_interval(mins => s.valid_minutes);
    IF s.until_end THEN
        v_until := least(v_until, s.ends_at);
    END IF;
    LOOP
        IF s.mode = 'first' THEN
            v_slot := nextval(('campaigns_slot_' || p_stock)::regclass);
            IF v_slot > s.size THEN
                DELETE FROM campaigns_freeslot f WHERE f.id = (
                    SELECT id FROM campaigns_freeslot WHERE stock_id = p_stock
                    ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED
                ) RETURNING f.slot INTO v_slot;
                IF NOT FOUND THEN
                    outcome := 'sold_out';
                    RETURN;
                END IF;
            END IF;
        END IF;

        INSERT INTO campaigns_claim (
            stock_id, campaign_id, slot, state, code, face_minor, currency, buyer_key, network_key,
            trail, day, link_id, affiliate_id, zone_id, shop_id, product_id, claimed_at, expires_at,
            paid_minor, paid_revision
        ) VALUES (
            p_stock, s.campaign_id, v_slot, CASE s.mode WHEN 'draw' THEN 'entered' ELSE 'held' END,
            p_code, s.faces[coalesce((v_slot - 1) % cardinality(s.faces), 0) + 1], s.currency,
            p_buyer, p_network, p_trail, p_day, p_link, p_affiliate, p_zone, p_shop, p_product,
            p_now, v_until, 0, 0
        )
        ON CONFLICT DO NOTHING
        RETURNING 'claimed', campaigns_claim.code, campaigns_claim.face_minor,
                  campaigns_claim.expires_at, campaigns_claim.state
        INTO outcome, code, face_minor, expires_at, state;
        IF FOUND THEN
            RETURN;
        END IF;

        -- The same buyer or the same request was faster: the slot is for the next one.
        SELECT 'again', cl.code, cl.face_minor, cl.expires_at, cl.state, cl.buyer_key
        INTO outcome, code, face_minor, expires_at, state, v_holder
        FROM campaigns_claim cl
        WHERE (cl.campaign_id = s.campaign_id AND cl.buyer_key = p_buyer AND cl.day = p_day)
           OR cl.code = p_code
        ORDER BY cl.buyer_key = p_buyer DESC LIMIT 1;
        IF FOUND THEN
            IF v_slot IS NOT NULL THEN
                INSERT INTO campaigns_freeslot (stock_id, slot) VALUES (p_stock, v_slot)
                ON CONFLICT DO NOTHING;
            END IF;
            IF v_holder <> p_buyer THEN
                SELECT 'unknown', NULL, NULL, NULL, NULL
                INTO outcome, code, face_minor, expires_at, state;
            END IF;
            RETURN;
        END IF;
        -- Else somebody holds the slot already (it was swept too early): the next one.
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    replaces = [("campaigns", "0004_held_by_affiliate")]  # a database at an earlier one is refused
    dependencies = [("campaigns", "0001_tables")]

    operations = [
        frozen_but("campaigns_subsidy", "ends_at", "agreed_at"),
        migrations.RunSQL(CLAIM_TAKE, "DROP FUNCTION claim_take"),
    ]
