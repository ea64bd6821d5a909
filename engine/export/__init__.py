"""A run for other programs and other people: tables, pictures, pages, and the files of other tools."""

from __future__ import annotations
