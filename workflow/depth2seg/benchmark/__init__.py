"""Training steps of this project against those of a plain PyTorch loop."""
