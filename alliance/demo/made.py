"""What services make in the database beside rows, and what takes it away again."""

# A settlement's partition, the sequence of a coupon stock: statements that drop each of them.
DROPS = r"""
    SELECT 'DROP TABLE ' || inhrelid::regclass FROM pg_inherits
    WHERE inhparent = 'commissions_settlementline'::regclass
    UNION ALL
    SELECT 'DROP SEQUENCE ' || oid::regclass FROM pg_class
    WHERE relkind = 'S' AND relname ~ '^campaigns_slot_\d+$'
"""
