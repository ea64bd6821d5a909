"""Pictures of numbers in character cells: arrays in, cells out.

Pure: no terminal, no clock, no Textual. `painter.Painter` draws a `curve.Scene`; `strip` and `bar` are its small
neighbours. What it promises: a value that was measured is inside the drawn dots, however many there are.
"""
