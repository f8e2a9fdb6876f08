"""Parts that several components are built from: metadata, pods, placement, roles, schedules."""
