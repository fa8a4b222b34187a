"""What can a script show? Coverage-guided exploration of one script, in the jail, the same for the same seed.

scene.py            everything that steers one run, and edits of it
scene_powers.py     the vendors of a scene
starting_scenes.py  where an exploration starts
scene_runs.py       many runs at once, in jailed children that tell what they passed and compared
read_values.py      where in a scene a value that a run compared came from
moves/              edits that may lead a run elsewhere, from what it compared, read and left out
progress.py         what has been seen, and which edits are tried next
entries.py          messages and errors, told apart
text_templates.py   what varies in the text of a message
minimising.py       the smallest example of an entry
explorer.py         the loop
exploration.py      the result
"""
