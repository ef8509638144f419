"""Fan-outs -> findings: one per shape and varying parameter; of writes, one per shape."""
