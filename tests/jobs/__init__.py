"""Jobs: the folder, the engines and the command line."""
