"""The guards of operations on values (items, iteration, operators, methods of containers), and of calls into C code."""
