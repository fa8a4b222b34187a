"""How long an implementation keeps what is known of attendance: what goes, when, and what stays until it is decided."""
