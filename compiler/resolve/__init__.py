"""From located YAML to one typed, fully decided specification for each environment."""
