"""How pages draw the text of scripts: its lines, what differs between two texts, and characters that deceive readers."""
