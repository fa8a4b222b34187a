"""`python -m web.cli`: the command line where its entry point is not on PATH (child processes of `up`)."""

from . import main

main()
