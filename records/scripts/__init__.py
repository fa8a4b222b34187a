"""An implementation's script: its versions, their life from draft to deployment, and their runs."""
