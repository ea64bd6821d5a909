"""The process beside the trainer. Standard library and Python 3.8 alone: it ships as a zipapp."""
