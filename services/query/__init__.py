"""Answer a closed set of questions, as JSON, files and pages."""
