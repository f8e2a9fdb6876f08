"""What Vault is configured with: the ordered writes that give the zones their secrets, and nothing more."""
