"""The Redis or Valkey server: starting our own, clients, the environment mark, errors, and the heartbeats of workers."""
