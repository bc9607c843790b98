"""What `make build` does: check the template, build for Lambda, compile, and prove that the result imports."""
