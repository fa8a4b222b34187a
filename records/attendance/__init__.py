"""Attendance: who was scanned where, what follows from it, and the ledger that shows if anything was changed later."""
