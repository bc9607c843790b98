"""Who does what and who may: recorded calls of every function, held against the policies of the expanded template."""
