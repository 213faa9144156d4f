"""A leaf: prediction by ONNX Runtime. Imports neither keras nor torch."""
