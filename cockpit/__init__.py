"""The screen: it shows what `engine` knows, leaves requests, and owns no run."""
