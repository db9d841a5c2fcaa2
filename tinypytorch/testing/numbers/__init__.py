"""Floor 6: numbers that a forward runs on as elements of an object array, in place of floats."""
