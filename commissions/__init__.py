"""What is owed and paid: commissions, the ledger under them, settlement and payouts."""
