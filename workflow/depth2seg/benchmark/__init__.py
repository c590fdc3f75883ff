"""Training steps against those of a plain PyTorch loop, and packing against decoding with Pillow."""
