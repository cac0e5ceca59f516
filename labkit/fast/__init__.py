"""What is fast, but says once more what a lab asks for: it joins when that lab is over.

Nothing else imports from here. Who wants it faster asks :func:`labkit.hooks.faster`, and goes on
without where an edition has not got this room yet.
"""

# what is offered, and the module that it stands in
OFFERS = {"decode": "engine", "teacher_forced": "teacher_forcing"}
