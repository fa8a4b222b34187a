"""Returns from a message's link: the signed addresses, and when each user came back last."""
