"""One HTTP exchange with an address that was checked: addresses, the pinned connection, limits on time and bytes, bodies."""
