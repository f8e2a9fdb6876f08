"""What a cluster must have before Argo CD can sync it: read from what is emitted for it."""
