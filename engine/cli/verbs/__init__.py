"""One verb a file: `EXAMPLES`, `arguments(parser)` and `act(args, out)`, which returns the status."""
