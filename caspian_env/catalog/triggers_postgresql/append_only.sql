-- A stored value never changes and never goes: only an open vintage may be closed, once.
CREATE OR REPLACE FUNCTION caspian_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE reopened record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a stored % cannot be deleted', replace(TG_TABLE_NAME, '_', ' ');
    END IF;
    reopened := NEW;
    reopened.known_to := NULL;
    IF OLD.known_to IS NOT NULL OR NEW.known_to IS NULL OR reopened *<> OLD THEN -- *<> compares every bit
        RAISE EXCEPTION 'a stored % cannot be changed, only closed', replace(TG_TABLE_NAME, '_', ' ');
    END IF;
    RETURN NEW;
END $$
--;
-- One look for all rows that a statement added, by the primary key: a plan made while the table was small or without
-- statistics may not turn into a scan of the whole table later.
CREATE OR REPLACE FUNCTION caspian_observation_no_overlap() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added n JOIN observation o ON o.series_id = n.series_id AND o.time = n.time
               WHERE o.known_from <> n.known_from
               AND (o.known_to IS NULL OR o.known_to > n.known_from)
               AND (n.known_to IS NULL OR o.known_from < n.known_to)) THEN
        RAISE EXCEPTION 'two vintages of one time cannot overlap' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$
--;
CREATE OR REPLACE FUNCTION caspian_indicator_value_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM indicator_value v WHERE v.indicator_id = NEW.indicator_id
               AND v.location_id = NEW.location_id AND v.period_start = NEW.period_start
               AND v.period_end = NEW.period_end
               AND (v.known_to IS NULL OR v.known_to > NEW.known_from)
               AND (NEW.known_to IS NULL OR v.known_from < NEW.known_to)) THEN
        RAISE EXCEPTION 'two vintages of one period cannot overlap' USING ERRCODE = 'unique_violation';
    END IF;
    -- The publish gate: a number without its inputs cannot be stored (the inputs are written first).
    IF NEW.value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM indicator_input i WHERE i.value_id = NEW.id) THEN
        RAISE EXCEPTION 'an indicator value needs its inputs' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.value IS NOT NULL AND NEW.datum_id = 'none'
       AND EXISTS (SELECT 1 FROM indicator d WHERE d.id = NEW.indicator_id AND d.relative_to_datum) THEN
        RAISE EXCEPTION 'a height needs its datum' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
--;
CREATE OR REPLACE TRIGGER observation_append_only BEFORE UPDATE OR DELETE ON observation
FOR EACH ROW EXECUTE FUNCTION caspian_append_only()
--;
CREATE OR REPLACE TRIGGER observation_no_overlap AFTER INSERT ON observation
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION caspian_observation_no_overlap()
--;
CREATE OR REPLACE TRIGGER indicator_value_append_only BEFORE UPDATE OR DELETE ON indicator_value
FOR EACH ROW EXECUTE FUNCTION caspian_append_only()
--;
CREATE OR REPLACE TRIGGER indicator_value_gate BEFORE INSERT ON indicator_value
FOR EACH ROW EXECUTE FUNCTION caspian_indicator_value_gate()
--;
CREATE OR REPLACE TRIGGER qc_override_append_only BEFORE UPDATE OR DELETE ON qc_override
FOR EACH ROW EXECUTE FUNCTION caspian_append_only()
--;
CREATE OR REPLACE TRIGGER cube_part_append_only BEFORE UPDATE OR DELETE ON cube_part
FOR EACH ROW EXECUTE FUNCTION caspian_append_only()
--;
-- The lineage of a value is a part of it.
CREATE OR REPLACE FUNCTION caspian_indicator_input_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a stored indicator input cannot be changed or deleted';
END $$
--;
CREATE OR REPLACE TRIGGER indicator_input_fixed BEFORE UPDATE OR DELETE ON indicator_input
FOR EACH ROW EXECUTE FUNCTION caspian_indicator_input_fixed()
--;
CREATE OR REPLACE TRIGGER manual_value_append_only BEFORE UPDATE OR DELETE ON manual_value
FOR EACH ROW EXECUTE FUNCTION caspian_append_only()
