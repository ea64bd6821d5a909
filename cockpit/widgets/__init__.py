"""What the screens are made of. A widget is given values and says what the user did; it never reads a run itself."""
