-- v_freshness: how far each dataset reaches, judged by its newest observation and never by file dates.
--   dataset_id, state          which dataset; active, frozen or retired
--   newest_observation         newest time now known, UTC; empty when nothing was ever collected
--   publication_delay_days     what the provider usually needs
--   update_frequency           ISO 8601 duration between editions
--   last_retrieved_at          when the provider last answered, UTC
CREATE VIEW v_freshness AS
SELECT d.id AS dataset_id, d.state,
       (SELECT max(newest.t) FROM (SELECT (SELECT max(o.time) FROM observation o
                                           WHERE o.series_id = s.id AND o.known_to IS NULL) AS t
                                   FROM series s WHERE s.dataset_id = d.id) newest) AS newest_observation,
       d.publication_delay_days, d.update_frequency,
       (SELECT max(r.retrieved_at) FROM retrieval r
        WHERE r.dataset_id = d.id AND r.outcome IN ('new', 'same_bytes', 'not_modified')) AS last_retrieved_at
FROM dataset d
