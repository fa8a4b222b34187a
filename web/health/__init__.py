"""Health: does the process live, and can it serve."""
