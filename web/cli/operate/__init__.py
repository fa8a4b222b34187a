"""Commands for operators and support: servers, doctor, stores, audit, runs and statuses."""
