"""The facts of the demo's learning site: its pushes, and the secret with which it signs them."""
