"""The compile cache: the report of the last compilation, reused if no input or output has changed since."""
