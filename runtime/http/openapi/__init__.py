"""The description of the API as an OpenAPI 3.1 document, made from the operations, models and kinds of problem."""
