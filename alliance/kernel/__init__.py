"""Money, clock, errors, audit, access, accounts: what every app stands on. Imports no app."""
