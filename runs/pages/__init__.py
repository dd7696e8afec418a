"""The pages of the runs list and of planning: fetch and check access, call, render."""
