-- v_series: every series there is.
--   dataset_id, variable_id, location_id   what, which quantity, where
--   resolution       ISO 8601 duration that one value covers, or 'instant'
--   unit             customary unit of the values (UDUNITS spelling)
--   datum            vertical reference of heights; empty for other quantities
--   long_name, standard_name   in words, and as in the CF standard name table
--   first_time, last_time      first and newest time now known, UTC
--   provider, licence, redistributable, citation   of the dataset
--   series_id        key of table series
--   cell_methods     what a value is of its period and area, CF spelling, where the variable says so
--   dataset_title, datum_title   in words
CREATE VIEW v_series AS
SELECT s.dataset_id, s.variable_id, s.location_id, s.resolution, v.units AS unit, NULLIF(s.datum_id, 'none') AS datum,
       v.long_name, v.standard_name,
       (SELECT min(o.time) FROM observation o WHERE o.series_id = s.id AND o.known_to IS NULL) AS first_time,
       (SELECT max(o.time) FROM observation o WHERE o.series_id = s.id AND o.known_to IS NULL) AS last_time,
       d.provider, d.licence, d.redistributable, d.citation, s.id AS series_id, v.cell_methods,
       d.title AS dataset_title, h.title AS datum_title
FROM series s
JOIN variable v ON v.id = s.variable_id
JOIN dataset d ON d.id = s.dataset_id
JOIN datum h ON h.id = s.datum_id
