# Whether a report.json is worth a new comment: a first report, a change, or a failed gate.
.comparison == null
or (.comparison | .functions.total + .edges.total > 0 or any(.findings.rows[]; .state != "unchanged"))
or any(.gates.rows[]?; .passed | not)
