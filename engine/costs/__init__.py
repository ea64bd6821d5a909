"""What runs have cost and will: by run, phase, machine and day, what was foreseen beside what was measured."""

from __future__ import annotations

from engine.costs.bills import Bill, Priced, Sum, bills, by_day, by_machine, by_phase, whole
from engine.costs.ledger import ledger

__all__ = ["Bill", "Priced", "Sum", "bills", "by_day", "by_machine", "by_phase", "ledger", "whole"]
