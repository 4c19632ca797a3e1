-- An edition of a report is never changed, never deleted, and whole from the moment it is there.
DROP TRIGGER IF EXISTS report_edition_no_update
--;
CREATE TRIGGER report_edition_no_update BEFORE UPDATE ON report_edition
BEGIN SELECT RAISE(ABORT, 'a stored report edition cannot be changed'); END
--;
DROP TRIGGER IF EXISTS report_edition_no_delete
--;
CREATE TRIGGER report_edition_no_delete BEFORE DELETE ON report_edition
BEGIN SELECT RAISE(ABORT, 'a stored report edition cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS report_value_no_update
--;
CREATE TRIGGER report_value_no_update BEFORE UPDATE ON report_value
BEGIN SELECT RAISE(ABORT, 'a stored report value cannot be changed'); END
--;
DROP TRIGGER IF EXISTS report_value_no_delete
--;
CREATE TRIGGER report_value_no_delete BEFORE DELETE ON report_value
BEGIN SELECT RAISE(ABORT, 'a stored report value cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS report_value_before_edition
--;
CREATE TRIGGER report_value_before_edition BEFORE INSERT ON report_value
WHEN EXISTS (SELECT 1 FROM report_edition e WHERE e.id = NEW.edition_id)
BEGIN SELECT RAISE(ABORT, 'nothing can be added to an edition'); END
--;
DROP TRIGGER IF EXISTS report_file_no_update
--;
CREATE TRIGGER report_file_no_update BEFORE UPDATE ON report_file
BEGIN SELECT RAISE(ABORT, 'a stored report file cannot be changed'); END
--;
DROP TRIGGER IF EXISTS report_file_no_delete
--;
CREATE TRIGGER report_file_no_delete BEFORE DELETE ON report_file
BEGIN SELECT RAISE(ABORT, 'a stored report file cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS report_file_before_edition
--;
CREATE TRIGGER report_file_before_edition BEFORE INSERT ON report_file
WHEN EXISTS (SELECT 1 FROM report_edition e WHERE e.id = NEW.edition_id)
BEGIN SELECT RAISE(ABORT, 'nothing can be added to an edition'); END
--;
DROP TRIGGER IF EXISTS report_need_no_update
--;
CREATE TRIGGER report_need_no_update BEFORE UPDATE ON report_need
BEGIN SELECT RAISE(ABORT, 'a stored report need cannot be changed'); END
--;
DROP TRIGGER IF EXISTS report_need_no_delete
--;
CREATE TRIGGER report_need_no_delete BEFORE DELETE ON report_need
BEGIN SELECT RAISE(ABORT, 'a stored report need cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS report_need_before_edition
--;
CREATE TRIGGER report_need_before_edition BEFORE INSERT ON report_need
WHEN EXISTS (SELECT 1 FROM report_edition e WHERE e.id = NEW.edition_id)
BEGIN SELECT RAISE(ABORT, 'nothing can be added to an edition'); END
