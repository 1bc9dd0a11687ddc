"""What changes money, split by noun: wallets, settlements, payouts."""
