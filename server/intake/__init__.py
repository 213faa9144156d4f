"""What a folder of images is: archives, tables, layouts, image checks, the manifest."""
