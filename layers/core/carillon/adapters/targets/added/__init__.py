"""A stack's own kinds of targets: each module here is one, called by the module's name. docs/targets.md tells how."""
