"""Resolution of located YAML into one typed, complete specification for each environment."""
