"""The health of a process: start checks, outages, noted errors, and what `doctor` measures."""
