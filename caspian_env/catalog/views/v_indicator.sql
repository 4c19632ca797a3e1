-- v_indicator: every indicator value that is known now and may be published.
--   indicator_id, method_version, location_id   which number, by which method, where
--   period_start, period_end   what the value covers, UTC, end excluded
--   value, unit      in customary units (UDUNITS spelling)
--   std_uncertainty  standard uncertainty (k=1)
--   ci_low, ci_high, ci_level  interval and its nominal coverage
--   n_valid, n_expected        completeness
--   status           worst status of the inputs: final, reported, estimated, preliminary
--   confidence       word assigned by a named person; empty until somebody has
--   datum            vertical reference of heights; empty for other quantities
--   qc_flag          QARTOD roll-up of the inputs
--   licence          of the inputs
--   known_from, known_to   half-open interval of knowledge, UTC
--   run_id           the run that computed it
--   title, statistic   what the number is, in words
--   citation         of the method
--   value_id         key of table indicator_value
CREATE VIEW v_indicator AS
SELECT i.indicator_id, i.method_version, i.location_id, i.period_start, i.period_end, i.value, i.unit,
       i.std_uncertainty, i.ci_low, i.ci_high, i.ci_level, i.n_valid, i.n_expected, i.status, i.confidence,
       NULLIF(i.datum_id, 'none') AS datum, i.qc_flag, i.licence, i.known_from, i.known_to, i.run_id,
       d.title, d.statistic, d.citation, i.id AS value_id
FROM indicator_value i
JOIN indicator d ON d.id = i.indicator_id
WHERE i.known_to IS NULL AND i.value IS NOT NULL
