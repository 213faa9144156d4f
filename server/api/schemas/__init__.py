"""What goes over the wire, one file a noun. The front end's types are generated from these."""
