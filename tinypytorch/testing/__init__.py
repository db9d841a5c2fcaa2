"""Floor 6: check derivatives with random programs. See `programs` for what is checked and `checks` for how."""
