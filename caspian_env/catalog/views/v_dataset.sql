-- v_dataset: every dataset of the catalogue, with what a citation needs.
--   dataset_id, title, summary, provider, kind, state   what it is
--   product_version, licence, redistributable, citation, doi, landing_page   how to credit it
--   update_frequency, publication_delay_days   how often and how late
--   caveats          what it cannot give
--   n_granules, n_rejected   editions read, and set aside
--   theme            the file of the seeds that describes it
--   cannot           what it cannot give: masked sea, land only, coarse cells
--   proof            proven where the reader was tried on real bytes or a check of the provider has passed, else unproven
--   state_since, successor   from when it is frozen or retired, and what follows it
CREATE VIEW v_dataset AS
SELECT d.id AS dataset_id, d.title, d.summary, d.provider, d.kind, d.state, d.product_version, d.licence,
       d.redistributable, d.citation, d.doi, d.landing_page, d.update_frequency, d.publication_delay_days, d.caveats,
       (SELECT count(*) FROM granule g WHERE g.dataset_id = d.id AND g.state = 'accepted') AS n_granules,
       (SELECT count(*) FROM granule g WHERE g.dataset_id = d.id AND g.state = 'rejected') AS n_rejected,
       d.theme, d.cannot,
       CASE WHEN d.proven_on = 'real' OR EXISTS (SELECT 1 FROM dataset_check c WHERE c.dataset_id = d.id AND c.passed)
            THEN 'proven' ELSE 'unproven' END AS proof,
       d.state_since, d.successor
FROM dataset d
