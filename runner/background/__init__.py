"""Background jobs: the worker's part (`job_run`, `job_process`) and, in a separate process for each, the jobs themselves."""
