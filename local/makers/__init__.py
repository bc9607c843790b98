"""How each resource type of the template is made on the laptop: one small function per type.

A maker gets the logical name and the resolved properties, and says what Ref and GetAtt give.
"""
