"""The ledger: everything a session did, in SQL, one transaction per checkpoint."""
