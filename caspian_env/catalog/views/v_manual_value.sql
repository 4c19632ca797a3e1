-- v_manual_value: numbers of themes without an open feed, as somebody reported them and somebody signed for them.
--   quantity, location_id      what (seeds/manual.yaml), where
--   period_start, period_end   what the value covers, UTC, end excluded
--   value, unit                as reported
--   reported_by, reported_on   who said so, and when
--   citation                   where it can be read
--   licence, redistributable   whether the value may be passed on
--   note                       what to keep in mind
--   signed_by, signed_on       who put the file together and answers for it
--   file_sha256                of that file
--   known_from, known_to       half-open interval of knowledge, UTC; known_to is empty for what is known now
CREATE VIEW v_manual_value AS
SELECT quantity, location_id, period_start, period_end, value, unit, reported_by, reported_on, source AS citation,
       licence, redistributable, note, signed_by, signed_on, file_sha256, known_from, known_to
FROM manual_value
WHERE known_to IS NULL
