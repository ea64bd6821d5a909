"""What is laid on a script's PYTHONPATH: one file, whose name Python looks for when it starts."""
