"""The compile cache: the last compilation's report, and its proof of the policies, reused if nothing has changed."""
