"""The pages of the API about itself."""
