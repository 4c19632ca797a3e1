-- v_target: what the littoral states and the world promised, since when and until when; some fields nobody has read yet.
--   target_id, country, title     which pledge, of whom, in words
--   document, filed_on            where it stands, and when that was filed
--   valid_from, valid_to          since when and until when (excluded) it is promised; as much of a date as is known
--   target_year, base_year        of the pledge; base_year is empty where the base is no year
--   base                          year, business_as_usual, unknown
--   level_pct                     what is allowed in the target year, in per cent of the base
--   cut_pct                       100 minus it
--   quantity                      greenhouse_gases, methane, ghg_per_gdp
--   kind                          absolute, intensity, disputed
--   conditional                   on support from others: yes, no, unknown
--   lulucf                        whether land use is in it: included, excluded, both, unknown
--   gwp_set                       warming potentials: SAR, AR4, AR5, AR6, unstated, unknown
--   url, page                     of the document
--   mark                          P document, S press or third party, U unverified
--   unconfirmed                   names of the columns that nobody read in the document
--   citation, note                where the row comes from; what to keep in mind
CREATE VIEW v_target AS
SELECT id AS target_id, country, title, document, filed_on, valid_from, valid_to, target_year, base_year, base,
       level_pct, 100 - level_pct AS cut_pct, quantity, kind, conditional, lulucf, gwp_set, url, page, mark,
       unconfirmed, source AS citation, note
FROM target
