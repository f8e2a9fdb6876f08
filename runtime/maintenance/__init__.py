"""What the image does beside serving: chores that the cluster starts by the clock."""
