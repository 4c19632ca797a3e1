-- v_run: every execution of a workflow.
--   run_id, workflow, subject  which run, of what, on what
--   status           running, ok, partial, failed, missed
--   started_at, finished_at    UTC
--   n_expected, n_fetched, n_unchanged, n_rejected, n_written   counts
--   code_version, settings_hash   what ran, told what
--   error            one line, where it failed
CREATE VIEW v_run AS
SELECT id AS run_id, workflow, subject, status, started_at, finished_at, n_expected, n_fetched, n_unchanged,
       n_rejected, n_written, code_version, settings_hash, error
FROM run
