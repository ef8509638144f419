"""The command: options, configuration, jobs, progress, exit codes."""
