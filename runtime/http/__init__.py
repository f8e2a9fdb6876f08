"""The HTTP layer: it parses requests into values of the domain, and turns results and errors into responses."""
