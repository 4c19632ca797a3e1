-- A stored value never changes and never goes: only an open vintage may be closed, once.
CREATE OR REPLACE FUNCTION caspian_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a stored % cannot be deleted', replace(TG_TABLE_NAME, '_', ' ');
    END IF;
    IF OLD.known_to IS NOT NULL OR NEW.known_to IS NULL
       OR (to_jsonb(NEW) - 'known_to') IS DISTINCT FROM (to_jsonb(OLD) - 'known_to') THEN
        RAISE EXCEPTION 'a stored % cannot be changed, only closed', replace(TG_TABLE_NAME, '_', ' ');
    END IF;
    RETURN NEW;
END $$
--;
CREATE OR REPLACE FUNCTION caspian_observation_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM observation o WHERE o.series_id = NEW.series_id AND o.time = NEW.time
               AND (o.known_to IS NULL OR o.known_to > NEW.known_from)
               AND (NEW.known_to IS NULL OR o.known_from < NEW.known_to)) THEN
        RAISE EXCEPTION 'two vintages of one time cannot overlap' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
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
CREATE OR REPLACE TRIGGER observation_no_overlap BEFORE INSERT ON observation
FOR EACH ROW EXECUTE FUNCTION caspian_observation_no_overlap()
--;
CREATE OR REPLACE TRIGGER indicator_value_append_only BEFORE UPDATE OR DELETE ON indicator_value
FOR EACH ROW EXECUTE FUNCTION caspian_append_only()
--;
CREATE OR REPLACE TRIGGER indicator_value_gate BEFORE INSERT ON indicator_value
FOR EACH ROW EXECUTE FUNCTION caspian_indicator_value_gate()
