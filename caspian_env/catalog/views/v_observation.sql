-- v_observation: every value that is known now, with the bytes it came from.
--   dataset_id, variable_id, location_id   what, which quantity, where
--   time             instant, or start of the period that the value covers, UTC
--   value, unit      in customary units (UDUNITS spelling)
--   std_uncertainty  standard uncertainty (k=1) as the provider gives it; empty where it gives none
--   qc_flag          QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail
--   status           final, preliminary, reported, estimated
--   datum            vertical reference of heights; empty for other quantities
--   known_from, known_to   half-open interval of knowledge, UTC; known_to is empty for what is known now
--   granule_sha256, url    the bytes, and the provider's address they were first fetched from
--   run_id           the run that wrote it
--   resolution       ISO 8601 duration that the value covers, or 'instant'
--   n_cells, area_share    of a regional mean: grid cells used, share of the region's area observed
--   source_note      source of this one value, where a dataset collects many
--   licence, citation, redistributable     of the dataset
--   series_id        key of table series
--   qc_tests         flag of each test, a digit each: gross range, spike, rate of change, flat line, climatology, physical
--                    gates; 2 where a test was not made; empty for values older than this record
--   qc_set_by, qc_reason   who has set qc_flag by hand in place of the tests, and why; empty where nobody has
CREATE VIEW v_observation AS
SELECT s.dataset_id, s.variable_id, s.location_id, o.time, o.value, v.units AS unit, o.std_uncertainty, o.qc_flag,
       o.status, NULLIF(s.datum_id, 'none') AS datum, o.known_from, o.known_to, g.sha256 AS granule_sha256,
       (SELECT r.url FROM retrieval r WHERE r.granule_id = o.granule_id ORDER BY r.id LIMIT 1) AS url, o.run_id,
       s.resolution, o.n_cells, o.area_share, o.source_note, d.licence, d.citation, d.redistributable, o.series_id, o.qc_tests,
       (SELECT q.set_by FROM qc_override q
        WHERE q.series_id = o.series_id AND q.time = o.time AND q.known_to IS NULL) AS qc_set_by,
       (SELECT q.reason FROM qc_override q
        WHERE q.series_id = o.series_id AND q.time = o.time AND q.known_to IS NULL) AS qc_reason
FROM observation o
JOIN series s ON s.id = o.series_id
JOIN variable v ON v.id = s.variable_id
JOIN dataset d ON d.id = s.dataset_id
JOIN granule g ON g.id = o.granule_id
WHERE o.known_to IS NULL
