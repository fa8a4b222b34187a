"""What user types and attributes may give at most."""
