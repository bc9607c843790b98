"""The only code that does I/O: one module per thing that Carillon talks to."""
