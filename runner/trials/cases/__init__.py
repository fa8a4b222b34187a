"""Cases of scripts: folders with an input, recorded answers and what is expected, run in the jail and held against it."""
