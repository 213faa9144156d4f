"""The engine: a Keras graph as one torch module, trained, and written back."""
