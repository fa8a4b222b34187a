"""Background jobs: the worker's part (`job_run`, `job_process`) and, in a process of its own for each job, the job itself."""
