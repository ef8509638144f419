"""Calls to sections, sections to findings, findings to a report: one section, one file, one public function."""
