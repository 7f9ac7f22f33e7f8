"""The window of all recordings: a list that is searched and sorted, and what is done with one or many of them."""
