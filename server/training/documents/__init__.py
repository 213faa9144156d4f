"""What is made from a report: its page, the model card, and the tables for the official scorer."""
