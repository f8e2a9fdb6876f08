"""Applying the plan to a server of Vault or OpenBao, and comparing the two; ``docs/vault.md`` says how it is used."""
