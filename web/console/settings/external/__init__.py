"""External Authentication: the organizer's own service that vouches for people, where there is no identity provider."""
