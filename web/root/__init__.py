"""The bare address of the service and its robots.txt."""
