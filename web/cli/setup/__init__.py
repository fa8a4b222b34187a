"""Commands that set up an implementation: settings, connections, agenda, users, roles, identity provider."""
