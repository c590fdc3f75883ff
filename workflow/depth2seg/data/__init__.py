"""Frame index, data sets, download and verification, packed frames, and the torch data set."""
