"""A run in one file, without weights and without secrets, to be looked at anywhere. Nothing of it is unpacked."""

from __future__ import annotations
