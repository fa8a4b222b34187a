"""The zygote, on both sides of its control socket.

The broker's side starts it and takes children (`process`, `spare_stock`, `pool`); the zygote prepares itself and forks one jailed
child for each run (`entry`, `startup`, `loop`, `fork_child`, `child_warmup`). This file imports nothing: it is loaded in
the zygote, which must load neither `threading` nor `logging` nor `subprocess`.
"""
