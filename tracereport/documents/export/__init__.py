"""The findings for other programs: SARIF, annotations of GitHub and code quality of GitLab."""
