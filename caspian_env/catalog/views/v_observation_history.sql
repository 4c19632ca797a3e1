-- v_observation_history: every value there ever was, one row a vintage; what was known at a moment is one condition away.
--   dataset_id, variable_id, location_id   what, which quantity, where
--   time             instant, or start of the period that the value covers, UTC
--   value, unit      in customary units (UDUNITS spelling)
--   std_uncertainty  standard uncertainty (k=1) as the provider gives it; empty where it gives none
--   qc_flag          QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail
--   status           final, preliminary, reported, estimated
--   datum            vertical reference of heights; empty for other quantities
--   known_from       since when this vintage is known, UTC
--   known_to         until when, UTC, excluded; empty while it is what we know
--   granule_sha256, url    the bytes, and the provider's address they were first fetched from
--   run_id           the run that wrote it
--   resolution       ISO 8601 duration that the value covers, or 'instant'
--   kind             what opened this vintage: first, finalised, corrected, reprocessed, restored, requalified
--   n_cells, area_share    of a regional mean: grid cells used, share of the region's area observed
--   source_note      source of this one value, where a dataset collects many
--   licence, citation, redistributable     of the dataset
--   series_id        key of table series
--   qc_tests         flag of each test, a digit each, in the order that v_observation names
-- As known at :as_of:  WHERE known_from <= :as_of AND (known_to IS NULL OR known_to > :as_of)
CREATE VIEW v_observation_history AS
SELECT s.dataset_id, s.variable_id, s.location_id, o.time, o.value, v.units AS unit, o.std_uncertainty, o.qc_flag,
       o.status, NULLIF(s.datum_id, 'none') AS datum, o.known_from, o.known_to, g.sha256 AS granule_sha256,
       (SELECT r.url FROM retrieval r WHERE r.granule_id = o.granule_id ORDER BY r.id LIMIT 1) AS url, o.run_id,
       s.resolution, o.kind, o.n_cells, o.area_share, o.source_note, d.licence, d.citation, d.redistributable,
       o.series_id, o.qc_tests
FROM observation o
JOIN series s ON s.id = o.series_id
JOIN variable v ON v.id = s.variable_id
JOIN dataset d ON d.id = s.dataset_id
JOIN granule g ON g.id = o.granule_id
