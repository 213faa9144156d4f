"""Frozen records, the job state machine, the error tree. No input or output happens here."""
