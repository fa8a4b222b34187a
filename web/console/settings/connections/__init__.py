"""The vendor systems which an implementation's script calls by name. Secrets go in here and never come out."""
