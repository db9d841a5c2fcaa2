"""Floor 5: SciPy's namespaces for programs that differentiate; `special` is imported as a module."""
