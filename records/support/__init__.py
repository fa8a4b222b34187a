"""What support looks up when somebody calls: who or which session is meant, and what changed the display."""
