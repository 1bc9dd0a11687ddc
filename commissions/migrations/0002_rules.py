"""The kernel of the books: one SQL function writes entries, and nothing may be unwritten."""

# ruff: noqa: S608 - names of tables only

from django.db import migrations

from alliance.kernel.db import append_only, in_feed

LEDGER_POST = """
CREATE FUNCTION ledger_post(
    p_key text, p_effective_on date, p_recorded_at timestamptz, p_actor bigint, p_moves jsonb,
    OUT entry_id bigint, OUT replayed boolean
) LANGUAGE plpgsql AS $$
-- p_moves: [[debit code, credit code, amount in minor units, currency], ...]
DECLARE
    v_digest CONSTANT text := encode(sha256(convert_to(p_moves::text, 'UTF8')), 'hex');
    v_known text;
    v_month CONSTANT date := date_trunc('month', p_effective_on)::date;
BEGIN
    -- Shared against the exclusive lock of closing a period: no posting slips in between.
    PERFORM pg_advisory_xact_lock_shared(hashtext('ledger-period'), to_char(v_month, 'YYYYMM')::int);

    INSERT INTO commissions_entry (key, digest, effective_on, recorded_at, actor_id)
    VALUES (p_key, v_digest, p_effective_on, p_recorded_at, p_actor)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO entry_id;

    replayed := entry_id IS NULL;
    IF replayed THEN
        SELECT id, digest INTO entry_id, v_known FROM commissions_entry WHERE key = p_key;
        IF v_known <> v_digest THEN
            RAISE EXCEPTION 'entry % was posted before with other moves', p_key
                USING ERRCODE = 'TK001';
        END IF;
        RETURN;
    END IF;

    IF EXISTS (SELECT FROM commissions_period WHERE month = v_month) THEN
        RAISE EXCEPTION 'the books of % are closed', to_char(v_month, 'YYYY-MM')
            USING ERRCODE = 'TK002';
    END IF;

    IF jsonb_array_length(p_moves) = 0 THEN
        RAISE EXCEPTION 'entry % moves nothing', p_key USING ERRCODE = 'TK003';
    END IF;

    -- Accounts are made on first use; the owner's accounts get a guarded balance.
    WITH named AS (
        SELECT DISTINCT code, move->>3 AS currency FROM jsonb_array_elements(p_moves) AS m(move)
        CROSS JOIN LATERAL (VALUES (move->>0), (move->>1)) AS side(code)
    ), made AS (
        INSERT INTO commissions_account (code, owner, kind, currency)
        SELECT n.code, regexp_replace(n.code, ':[^:]*$', ''), regexp_replace(n.code, '^.*:', ''),
               n.currency
        FROM named n
        WHERE NOT EXISTS (
            SELECT FROM commissions_account a WHERE a.code = n.code AND a.currency = n.currency
        )
        ORDER BY n.code, n.currency
        ON CONFLICT (code, currency) DO NOTHING
        RETURNING id, owner, kind
    )
    INSERT INTO commissions_balance (account_id, balance_minor, floor_minor, ceiling_minor)
    SELECT id, 0, CASE WHEN kind = 'debt' THEN NULL ELSE 0 END,
           CASE WHEN kind = 'debt' THEN 0 END
    FROM made WHERE owner <> 'platform'
    ON CONFLICT (account_id) DO NOTHING;

    INSERT INTO commissions_line (entry_id, debit_id, credit_id, amount_minor, currency)
    SELECT ledger_post.entry_id, d.id, c.id, (move->>2)::bigint, move->>3
    FROM jsonb_array_elements(p_moves) WITH ORDINALITY AS m(move, no)
    JOIN commissions_account d ON d.code = move->>0 AND d.currency = move->>3
    JOIN commissions_account c ON c.code = move->>1 AND c.currency = move->>3
    ORDER BY no;

    -- Guarded balances: locked in key order, touched once, checked by the table's constraints.
    PERFORM FROM commissions_balance b
    WHERE b.account_id IN (
        SELECT debit_id FROM commissions_line l WHERE l.entry_id = ledger_post.entry_id
        UNION SELECT credit_id FROM commissions_line l WHERE l.entry_id = ledger_post.entry_id
    )
    ORDER BY b.account_id FOR UPDATE;

    UPDATE commissions_balance b SET balance_minor = b.balance_minor + d.delta
    FROM (
        SELECT account_id, sum(delta)::bigint AS delta FROM (
            SELECT debit_id AS account_id, -amount_minor AS delta
            FROM commissions_line l WHERE l.entry_id = ledger_post.entry_id
            UNION ALL
            SELECT credit_id, amount_minor
            FROM commissions_line l WHERE l.entry_id = ledger_post.entry_id
        ) AS sides GROUP BY account_id
    ) AS d
    WHERE d.account_id = b.account_id;
END $$;
"""
# A row without its function call would bypass keys, periods and balances.
WRITTEN_BY_FUNCTION_ONLY = """
CREATE FUNCTION ledger_line_has_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_lines l LEFT JOIN commissions_entry e ON e.id = l.entry_id
        WHERE e.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a ledger line without its entry' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER commissions_line_has_entry AFTER INSERT ON commissions_line
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION ledger_line_has_entry();
"""
# The lines of each settlement lie in a partition of their own (docs/adr/0015): closing fills a table
# without indexes, and the indexes are built once, from sorted rows.
LINES = "commissions_settlementline"
PARTED = f"""
    ALTER TABLE {LINES} RENAME TO {LINES}_whole;
    CREATE TABLE {LINES} (LIKE {LINES}_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
        PARTITION BY LIST (settlement_id);
    DROP TABLE {LINES}_whole;
    ALTER TABLE {LINES} ADD CONSTRAINT {LINES}_pkey
        PRIMARY KEY (settlement_id, affiliate_id, commission_id, revision);
    CREATE INDEX {LINES}_commission_id ON {LINES} (commission_id);
"""
# Written once.
WRITTEN_ONCE = (
    "account",
    "entry",
    "line",
    "commissionline",
    "settlementline",
    "bankfile",
    "bankfileitem",
    "railfile",
    "railfilerow",
    "bankstatement",
    "invoicerun",
    "invoice",
    "invoiceline",
    "evidence",
    "violationevent",
    "statementkey",
    "statement",
    "statementpart",
    "awardstep",
)


class Migration(migrations.Migration):
    replaces = [("commissions", "0009_sandbox_sales")]  # a database at an earlier one is refused
    dependencies = [("commissions", "0001_tables")]

    operations = [
        migrations.RunSQL(LEDGER_POST, "DROP FUNCTION ledger_post"),
        migrations.RunSQL(
            WRITTEN_BY_FUNCTION_ONLY,
            "DROP TRIGGER commissions_line_has_entry ON commissions_line;"
            "DROP FUNCTION ledger_line_has_entry();",
        ),
        migrations.RunSQL(PARTED, migrations.RunSQL.noop),
        *(append_only(f"commissions_{table}") for table in WRITTEN_ONCE),
        in_feed("commissions_commission", by="affiliate_id"),
        in_feed("commissions_settlement"),
    ]
