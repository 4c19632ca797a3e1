-- v_lineage: which bytes an indicator value is made of, one row per value, argument and granule.
--   indicator_id, location_id, period_start, period_end   the value
--   argument         name of the input in the method
--   dataset_id       where the input comes from
--   granule_sha256, url, retrieved_at   the bytes, the address and the time they were first fetched, UTC
--   run_id           the run that computed the value
--   value_id         key of table indicator_value
--   n_observations   how many observations of this granule the value uses
CREATE VIEW v_lineage AS
SELECT i.indicator_id, i.location_id, i.period_start, i.period_end, used.argument, g.dataset_id,
       g.sha256 AS granule_sha256,
       (SELECT r.url FROM retrieval r WHERE r.granule_id = g.id ORDER BY r.id LIMIT 1) AS url,
       (SELECT r.retrieved_at FROM retrieval r WHERE r.granule_id = g.id ORDER BY r.id LIMIT 1) AS retrieved_at,
       i.run_id, i.id AS value_id, used.n_observations
FROM indicator_value i
JOIN (SELECT n.value_id, n.argument, o.granule_id, count(*) AS n_observations
      FROM indicator_input n
      JOIN observation o ON o.series_id = n.series_id AND o.time >= n.period_start AND o.time < n.period_end
                        AND o.known_from <= n.known_at AND (o.known_to IS NULL OR o.known_to > n.known_at)
      GROUP BY n.value_id, n.argument, o.granule_id) used ON used.value_id = i.id
JOIN granule g ON g.id = used.granule_id
WHERE i.known_to IS NULL AND i.value IS NOT NULL
