"""The trainer process: the only place where torch lives.

Refuses to know where it runs: no machines, no keeper, no screen. It reads a frozen profile, trains, and tells.
"""
