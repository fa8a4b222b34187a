"""Whether this process can start and what it depends on answers: start checks, outages, and what `doctor` measures."""
