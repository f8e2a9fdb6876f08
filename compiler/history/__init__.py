"""The committed past of a project: reading Git, and choosing the commit that a compilation is compared with."""
