"""Use cases: datasets, jobs, models, predictions, accounts."""
