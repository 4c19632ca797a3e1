-- v_revision: every value that a provider changed or took back; a value seen for the first time is none.
--   dataset_id, variable_id, location_id, time   which value
--   old_value, new_value   before and after; new_value is empty when it was withdrawn, old_value when it came back
--   kind             finalised, corrected, reprocessed, withdrawn, restored
--   known_at         since when the change is known, UTC
--   datum, unit      of the values
--   old_granule_sha256, new_granule_sha256   the bytes before and after
-- The casts give the three parts the same types: without them SQLite would make all of it before it picks one dataset.
CREATE VIEW v_revision AS
SELECT s.dataset_id, s.variable_id, s.location_id, changed.time, changed.old_value, changed.new_value, changed.kind,
       changed.known_at, NULLIF(s.datum_id, 'none') AS datum, v.units AS unit,
       (SELECT g.sha256 FROM granule g WHERE g.id = changed.old_granule_id) AS old_granule_sha256,
       (SELECT g.sha256 FROM granule g WHERE g.id = changed.new_granule_id) AS new_granule_sha256
FROM (SELECT o.series_id, o.time, o.value AS old_value, n.value AS new_value, n.kind, o.known_to AS known_at,
             o.granule_id AS old_granule_id, n.granule_id AS new_granule_id
      FROM observation o
      JOIN observation n ON n.series_id = o.series_id AND n.time = o.time AND n.known_from = o.known_to
      WHERE o.known_to IS NOT NULL AND n.value <> o.value
      UNION ALL
      SELECT o.series_id, o.time, o.value, CAST(NULL AS DOUBLE PRECISION), CAST('withdrawn' AS VARCHAR), o.known_to,
             o.granule_id, CAST(NULL AS INTEGER)
      FROM observation o
      WHERE o.known_to IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM observation n WHERE n.series_id = o.series_id AND n.time = o.time
                        AND n.known_from = o.known_to)
      UNION ALL
      SELECT n.series_id, n.time, CAST(NULL AS DOUBLE PRECISION), n.value, n.kind, n.known_from, CAST(NULL AS INTEGER),
             n.granule_id
      FROM observation n
      WHERE n.kind = 'restored') changed
JOIN series s ON s.id = changed.series_id
JOIN variable v ON v.id = s.variable_id
