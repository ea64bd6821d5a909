"""What stands behind `engine data`: one module for each of its words."""
