-- v_report_edition: every frozen report.
--   edition_id       report and number
--   report_id, number   which report, and which edition of it
--   title            as printed
--   languages, formats  what it was made in, with commas between
--   as_of            the moment of knowledge that it prints, UTC
--   frozen_at        when it was frozen, UTC
--   corrects, erratum, reason   the edition that it corrects, which correction of it this is, and why; empty for others
--   allowed          JSON: what would have forbidden to freeze it and was allowed by name
--   synthetic        whether it prints invented demonstration data
--   template_hash, seeds_hash, code_version, drawn_by   what printed it
--   citation         how to cite it
--   n_values, n_refusals   numbers printed, and reasons printed in place of one
--   n_files, n_needed      files of it, and granules and cube parts that its numbers rest on
--   run_id           the run that froze it
CREATE VIEW v_report_edition AS
SELECT e.id AS edition_id, e.report_id, e.number, e.title, e.languages, e.formats, e.as_of, e.frozen_at, e.corrects,
       e.erratum, e.reason, e.allowed, e.synthetic, e.template_hash, e.seeds_hash, e.code_version, e.drawn_by,
       e.citation,
       (SELECT count(v.value) FROM report_value v WHERE v.edition_id = e.id) AS n_values,
       (SELECT count(v.reason) FROM report_value v WHERE v.edition_id = e.id) AS n_refusals,
       (SELECT count(*) FROM report_file f WHERE f.edition_id = e.id) AS n_files,
       (SELECT count(*) FROM report_need n WHERE n.edition_id = e.id) AS n_needed,
       e.run_id
FROM report_edition e
