"""Backbones, decoders, the pose network."""
