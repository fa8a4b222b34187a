"""The vendor systems that an implementation's script calls by name. Secrets are entered here and never shown."""
