"""Who is signed in to the console, and which views they may use."""
