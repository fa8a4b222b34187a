"""The report of scans: its rows, its files, and whether a file is what the ledger gives."""
