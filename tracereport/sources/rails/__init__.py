"""Rails' ``log/development.log`` and ``log/test.log`` -> calls: each request, job or test is a process of its own."""
