"""Makes the project's own weights from rendered heads: ``pip install motionscope[train]``.

    python -m extractor.training.render    heads with exact labels, from the asset pack
    python -m extractor.training.train     a network, resumed where it was left
    python -m extractor.training.evaluate  errors on rendered heads that were kept aside
    python -m extractor.training.export    the safetensors file that the program loads
    python -m extractor.training.reproduce all of these, from the pack to the shipped weights
    python -m extractor.training.demo      the built-in demo

No photograph of a person is used anywhere.  Every module here works in the conventions' frames
(``extractor.types``) except the renderer's own, which keep OpenGL's camera: x right, y up, z towards
the viewer.  ``geometry.FLIP_YZ`` on both sides takes a rotation from one to the other.
"""
