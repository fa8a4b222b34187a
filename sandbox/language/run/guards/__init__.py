"""The guards of what a script does to values (items, iteration, operators, methods of containers), and its calls into C code."""
