-- An edition of a report is never changed, never deleted, and whole from the moment it is there.
CREATE OR REPLACE FUNCTION caspian_edition_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a stored % cannot be %', replace(TG_TABLE_NAME, '_', ' '),
        CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'changed' END;
END $$
--;
CREATE OR REPLACE FUNCTION caspian_edition_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM report_edition e WHERE e.id = NEW.edition_id) THEN
        RAISE EXCEPTION 'nothing can be added to an edition';
    END IF;
    RETURN NEW;
END $$
--;
CREATE OR REPLACE TRIGGER report_edition_fixed BEFORE UPDATE OR DELETE ON report_edition
FOR EACH ROW EXECUTE FUNCTION caspian_edition_fixed()
--;
CREATE OR REPLACE TRIGGER report_value_fixed BEFORE UPDATE OR DELETE ON report_value
FOR EACH ROW EXECUTE FUNCTION caspian_edition_fixed()
--;
CREATE OR REPLACE TRIGGER report_value_before_edition BEFORE INSERT ON report_value
FOR EACH ROW EXECUTE FUNCTION caspian_edition_closed()
--;
CREATE OR REPLACE TRIGGER report_file_fixed BEFORE UPDATE OR DELETE ON report_file
FOR EACH ROW EXECUTE FUNCTION caspian_edition_fixed()
--;
CREATE OR REPLACE TRIGGER report_file_before_edition BEFORE INSERT ON report_file
FOR EACH ROW EXECUTE FUNCTION caspian_edition_closed()
--;
CREATE OR REPLACE TRIGGER report_need_fixed BEFORE UPDATE OR DELETE ON report_need
FOR EACH ROW EXECUTE FUNCTION caspian_edition_fixed()
--;
CREATE OR REPLACE TRIGGER report_need_before_edition BEFORE INSERT ON report_need
FOR EACH ROW EXECUTE FUNCTION caspian_edition_closed()
