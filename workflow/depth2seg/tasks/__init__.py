"""One module a pre-training task: its network, its loss, what it hands on."""
