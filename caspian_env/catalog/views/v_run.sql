-- v_run: every execution of a workflow, and every due time that nobody executed.
--   run_id, workflow, subject  which run, of what, on what
--   status           running, ok, partial, failed, missed
--   started_at, finished_at    UTC; when it was noticed, for a missed one
--   n_expected, n_fetched, n_unchanged, n_rejected, n_written   counts
--   code_version, settings_hash   what ran, told what
--   error            one line, where it failed or was missed
--   job              what is done by one run at a time, e.g. ingest:noaa_oisst_v2_1
--   scheduled_for    when it was due, UTC; when it was asked for, if by hand
--   attempt          1, and one more for each attempt that failed before it
--   origin           scheduled, or manual: asked for by a person or by cron
--   holder           the process that does or did it: host, process id, start
--   lease_until      others leave the job alone until then, UTC
--   heartbeat_at     when the holder last said that it is alive, UTC
--   window_start, window_end   valid time that was asked for, end excluded, UTC
--   cause            why it did not do everything: interrupted or handed_back (stopped before its end), transient (may be
--                    there soon), permanent (not before the next due time, or not without somebody)
CREATE VIEW v_run AS
SELECT id AS run_id, workflow, subject, status, started_at, finished_at, n_expected, n_fetched, n_unchanged,
       n_rejected, n_written, code_version, settings_hash, error, job, scheduled_for, attempt, origin, holder,
       lease_until, heartbeat_at, window_start, window_end, cause
FROM run
