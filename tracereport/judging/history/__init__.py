"""Many runs, one history: which count changed with which run."""
