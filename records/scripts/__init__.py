"""An implementation's script: its versions, their runs, and why a version was suspended."""
