"""Vault configuration: the ordered writes that give the API its secrets, and nothing more."""
