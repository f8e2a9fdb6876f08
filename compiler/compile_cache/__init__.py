"""What the last compilation said, for the next one, if nothing has changed in between."""
