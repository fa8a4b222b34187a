"""The Redis or Valkey server: starting our own, clients, the mark of its environment, its errors, and the heartbeats of workers."""
