"""The page on which people look at their own attendance, and say that something is wrong."""
