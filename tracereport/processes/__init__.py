"""Where one process ends and the next begins, which stretches can't be told apart, and who called whom."""
