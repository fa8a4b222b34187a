"""The facts that the demo's learning site pushes, and the secret with which it signs them."""
