"""Tables, claims, and one module a figure."""
