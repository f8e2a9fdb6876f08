"""The compile cache: the last compilation's report, reused if nothing has changed, and the folder of all records."""
