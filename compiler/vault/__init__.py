"""Apply a plan to a Vault or OpenBao server, and compare the two; ``docs/vault.md`` describes the commands."""
