"""The laptop cloud itself: its machinery on stub functions, and the stack that template.yaml describes."""
