"""Runs of instrumented code, as the broker sees them: for coverage and exploration, never for a live status."""
