"""One run of a script: from the job to the status that is shown and the trace that is stored."""
