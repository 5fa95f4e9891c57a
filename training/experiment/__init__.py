"""The experiment of the paper on any survey: which cells, how each is made, and the tables and figures of them."""
