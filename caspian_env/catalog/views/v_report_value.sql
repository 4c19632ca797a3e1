-- v_report_value: every number that a frozen report printed, beside what is known of it now.
--   edition_id, position   which edition, and the order of print
--   printed_id       indicator@location@period, the same in every edition
--   indicator_id, method_version, location_id, period_start, period_end   which number
--   printed          the text, in the first language of the edition
--   value, unit, decimals   the number behind the text, and decimal places in print
--   std_uncertainty, ci_low, ci_high, ci_level   as printed
--   reason           printed in place of a number
--   status, qc_flag, datum, licence   of the number
--   known_from, known_to   vintage of the number, UTC; known_to is empty while it is what we know
--   value_now, ci_low_now, ci_high_now, reason_now   what is known of it now; all empty where nothing is
--   value_id         key of table indicator_value
CREATE VIEW v_report_value AS
SELECT r.edition_id, r.position, r.printed_id, i.indicator_id, i.method_version, i.location_id, i.period_start,
       i.period_end, r.printed, r.value, r.unit, r.decimals, r.std_uncertainty, r.ci_low, r.ci_high, r.ci_level,
       r.reason, i.status, i.qc_flag, NULLIF(i.datum_id, 'none') AS datum, i.licence, i.known_from, i.known_to,
       n.value AS value_now, n.ci_low AS ci_low_now, n.ci_high AS ci_high_now, n.reason AS reason_now, r.value_id
FROM report_value r
JOIN indicator_value i ON i.id = r.value_id
LEFT JOIN indicator_value n ON n.indicator_id = i.indicator_id AND n.location_id = i.location_id
     AND n.period_start = i.period_start AND n.period_end = i.period_end AND n.known_to IS NULL
