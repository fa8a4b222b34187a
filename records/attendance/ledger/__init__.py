"""The ledger of scans: rows that are only added, in one chain of SHA-256 for each implementation; names apart."""
