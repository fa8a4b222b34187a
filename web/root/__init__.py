"""The root address of the service, and robots.txt."""
