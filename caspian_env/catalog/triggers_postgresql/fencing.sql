-- The number of a run is a fencing token: a writer whose run is over, because another took it over, is refused.
-- The lock on the run's row is kept until the writer commits, so that nobody takes the run over between this look and
-- the commit; it is the weakest one, so that the run can go on telling that it is alive meanwhile.
CREATE OR REPLACE FUNCTION caspian_fence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM run r WHERE r.id = NEW.run_id AND r.status = 'running' FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the run of this writer is over' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NEW;
END $$
--;
CREATE OR REPLACE TRIGGER retrieval_fenced BEFORE INSERT ON retrieval
FOR EACH ROW EXECUTE FUNCTION caspian_fence()
--;
CREATE OR REPLACE TRIGGER computation_fenced BEFORE INSERT OR UPDATE ON computation
FOR EACH ROW EXECUTE FUNCTION caspian_fence()
--;
CREATE OR REPLACE TRIGGER indicator_value_fenced BEFORE INSERT ON indicator_value
FOR EACH ROW EXECUTE FUNCTION caspian_fence()
--;
CREATE OR REPLACE TRIGGER cube_part_fenced BEFORE INSERT ON cube_part
FOR EACH ROW EXECUTE FUNCTION caspian_fence()
--;
CREATE OR REPLACE TRIGGER report_edition_fenced BEFORE INSERT ON report_edition
FOR EACH ROW EXECUTE FUNCTION caspian_fence()
