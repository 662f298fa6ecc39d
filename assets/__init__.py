"""Meshes, levels of detail, thumbnails and the content-addressed store they are served from.

Metres, right-handed, +Y up, a product shows its front to +Z and stands on y = 0. Nothing in here
runs in a tick: meshing is done before a room opens.
"""
