-- v_dataset: every dataset of the catalogue, with what a citation needs.
--   dataset_id, title, summary, provider, kind, state   what it is
--   product_version, licence, redistributable, citation, doi, landing_page   how to credit it
--   update_frequency, publication_delay_days   how often and how late
--   caveats          what it cannot give
--   n_granules, n_rejected   editions read, and set aside
CREATE VIEW v_dataset AS
SELECT d.id AS dataset_id, d.title, d.summary, d.provider, d.kind, d.state, d.product_version, d.licence,
       d.redistributable, d.citation, d.doi, d.landing_page, d.update_frequency, d.publication_delay_days, d.caveats,
       (SELECT count(*) FROM granule g WHERE g.dataset_id = d.id AND g.state = 'accepted') AS n_granules,
       (SELECT count(*) FROM granule g WHERE g.dataset_id = d.id AND g.state = 'rejected') AS n_rejected
FROM dataset d
