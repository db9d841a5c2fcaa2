"""Floor 3: Variables, the graph they make, and the backward pass. `variable` is the place to start reading."""
