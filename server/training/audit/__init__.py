"""The leak audit: pictures that are there twice, found before the split is settled."""
