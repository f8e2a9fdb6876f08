"""The configuration of Vault: the ordered writes that give the zones access to their secrets only."""
