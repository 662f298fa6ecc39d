"""The evaluation tasks: readers of their data and rankers over them."""
