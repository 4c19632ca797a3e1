-- v_refusal: where an indicator's own rule refuses a number, and why.
--   indicator_id, method_version, location_id, period_start, period_end   which number is missing
--   reason           in one sentence
--   n_valid, n_expected        completeness
--   known_from, run_id         since when, and which run said so
CREATE VIEW v_refusal AS
SELECT indicator_id, method_version, location_id, period_start, period_end, reason, n_valid, n_expected, known_from,
       run_id
FROM indicator_value
WHERE known_to IS NULL AND value IS NULL
