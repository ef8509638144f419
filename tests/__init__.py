"""The promises of tracereport, one file per room; oracle, strategies and truth to hold them against."""
