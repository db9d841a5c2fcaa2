"""Floor 4: the public functions: an op of floor 2, applied through floor 3."""
