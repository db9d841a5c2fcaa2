"""Floor 5: functions of functions: gradients, Jacobians, products with them, and rules of your own."""
