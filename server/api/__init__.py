"""The only place that knows HTTP: one router per noun, schemas, deps, errors."""
