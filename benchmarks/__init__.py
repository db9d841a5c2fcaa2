"""How fast this package is, beside its peers on the same work: `python -m benchmarks`.

- `environment`: one thread for everybody, and what the machine is; `arguments`: what was asked for; `command`: the run.
- `libraries`: this package and its peers, each by what its users would write.
- `workloads`: what is computed, once for all libraries, and by hand in NumPy.
- `measure`: interleaved rounds; `spread`: medians and quartiles.
- `targets`: what is aimed at; `judge`: whether it is met.
- `report`, `files`, `plot`: the table, JSON and Markdown, the picture.
"""
