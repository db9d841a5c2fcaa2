"""Floor 6: `python -m tinypytorch`: verify ops from the command line. Imports floors 1 to 4 and `testing`.

- `arguments`: what was asked for; `run` and `listing`: the two commands.
- `targets`: from `myop.py:Swish` to the op itself, in words for people where that fails.
- `tasks`: what a worker process does, and the row that comes back; `workers`: the processes, which may hang or die.
- `progress`, `table`: for the terminal. `reports`, `certificate`: for files. `libraries`: other libraries' turn.
"""
