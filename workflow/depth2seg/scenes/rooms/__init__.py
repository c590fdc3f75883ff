"""The procedural rooms: shell, furniture, light, and a hand-held camera that looks around."""
