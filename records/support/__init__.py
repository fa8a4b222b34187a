"""Look-ups for support, when somebody calls: which person or session is meant, and which changes affected the display."""
