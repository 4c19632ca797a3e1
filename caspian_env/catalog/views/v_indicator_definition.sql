-- v_indicator_definition: what each indicator is, whether or not it has a value.
--   indicator_id, title, statistic   what the number is, in words
--   unit             customary unit of the values (UDUNITS spelling)
--   function, method_version, parameters   how it is computed; parameters are JSON
--   decimals         decimal places in print
--   relative_to_datum   whether the value is a height that means nothing without its datum
--   citation, note   of the method; what to keep in mind
CREATE VIEW v_indicator_definition AS
SELECT id AS indicator_id, title, statistic, units AS unit, function, method_version, parameters, decimals,
       relative_to_datum, citation, note
FROM indicator
