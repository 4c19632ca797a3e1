-- A stored value never changes and never goes: only an open vintage may be closed, once.
DROP TRIGGER IF EXISTS observation_append_only
--;
CREATE TRIGGER observation_append_only BEFORE UPDATE ON observation
WHEN NOT (OLD.known_to IS NULL AND NEW.known_to IS NOT NULL
          AND NEW.series_id = OLD.series_id AND NEW.time = OLD.time AND NEW.known_from = OLD.known_from
          AND NEW.value = OLD.value AND NEW.std_uncertainty IS OLD.std_uncertainty AND NEW.qc_flag = OLD.qc_flag
          AND NEW.status = OLD.status AND NEW.kind = OLD.kind AND NEW.granule_id = OLD.granule_id
          AND NEW.run_id = OLD.run_id AND NEW.n_cells IS OLD.n_cells AND NEW.area_share IS OLD.area_share
          AND NEW.source_note IS OLD.source_note AND NEW.qc_tests IS OLD.qc_tests)
BEGIN SELECT RAISE(ABORT, 'a stored observation cannot be changed, only closed'); END
--;
DROP TRIGGER IF EXISTS observation_no_delete
--;
CREATE TRIGGER observation_no_delete BEFORE DELETE ON observation
BEGIN SELECT RAISE(ABORT, 'a stored observation cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS observation_no_overlap
--;
CREATE TRIGGER observation_no_overlap BEFORE INSERT ON observation
WHEN EXISTS (SELECT 1 FROM observation o WHERE o.series_id = NEW.series_id AND o.time = NEW.time
             AND (o.known_to IS NULL OR o.known_to > NEW.known_from)
             AND (NEW.known_to IS NULL OR o.known_from < NEW.known_to))
BEGIN SELECT RAISE(ABORT, 'two vintages of one time cannot overlap'); END
--;
DROP TRIGGER IF EXISTS indicator_value_append_only
--;
CREATE TRIGGER indicator_value_append_only BEFORE UPDATE ON indicator_value
WHEN NOT (OLD.known_to IS NULL AND NEW.known_to IS NOT NULL AND NEW.id = OLD.id
          AND NEW.indicator_id = OLD.indicator_id AND NEW.location_id = OLD.location_id
          AND NEW.period_start = OLD.period_start AND NEW.period_end = OLD.period_end
          AND NEW.known_from = OLD.known_from AND NEW.value IS OLD.value AND NEW.reason IS OLD.reason
          AND NEW.std_uncertainty IS OLD.std_uncertainty AND NEW.ci_low IS OLD.ci_low AND NEW.ci_high IS OLD.ci_high
          AND NEW.unit = OLD.unit AND NEW.n_valid = OLD.n_valid AND NEW.n_expected = OLD.n_expected
          AND NEW.status = OLD.status AND NEW.run_id = OLD.run_id AND NEW.method_version = OLD.method_version
          AND NEW.ci_level IS OLD.ci_level AND NEW.qc_flag = OLD.qc_flag AND NEW.datum_id = OLD.datum_id
          AND NEW.licence = OLD.licence AND NEW.kind = OLD.kind)
BEGIN SELECT RAISE(ABORT, 'a stored indicator value cannot be changed, only closed'); END
--;
DROP TRIGGER IF EXISTS indicator_value_no_delete
--;
CREATE TRIGGER indicator_value_no_delete BEFORE DELETE ON indicator_value
BEGIN SELECT RAISE(ABORT, 'a stored indicator value cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS indicator_value_no_overlap
--;
CREATE TRIGGER indicator_value_no_overlap BEFORE INSERT ON indicator_value
WHEN EXISTS (SELECT 1 FROM indicator_value v WHERE v.indicator_id = NEW.indicator_id
             AND v.location_id = NEW.location_id AND v.period_start = NEW.period_start
             AND v.period_end = NEW.period_end
             AND (v.known_to IS NULL OR v.known_to > NEW.known_from)
             AND (NEW.known_to IS NULL OR v.known_from < NEW.known_to))
BEGIN SELECT RAISE(ABORT, 'two vintages of one period cannot overlap'); END
--;
DROP TRIGGER IF EXISTS indicator_value_needs_lineage
--;
-- The publish gate: a number without its inputs cannot be stored (the inputs are written first).
CREATE TRIGGER indicator_value_needs_lineage BEFORE INSERT ON indicator_value
WHEN NEW.value IS NOT NULL AND NOT EXISTS (SELECT 1 FROM indicator_input i WHERE i.value_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'an indicator value needs its inputs'); END
--;
DROP TRIGGER IF EXISTS indicator_value_needs_datum
--;
CREATE TRIGGER indicator_value_needs_datum BEFORE INSERT ON indicator_value
WHEN NEW.value IS NOT NULL AND NEW.datum_id = 'none'
     AND EXISTS (SELECT 1 FROM indicator d WHERE d.id = NEW.indicator_id AND d.relative_to_datum)
BEGIN SELECT RAISE(ABORT, 'a height needs its datum'); END
--;
DROP TRIGGER IF EXISTS qc_override_append_only
--;
CREATE TRIGGER qc_override_append_only BEFORE UPDATE ON qc_override
WHEN NOT (OLD.known_to IS NULL AND NEW.known_to IS NOT NULL AND NEW.id = OLD.id AND NEW.series_id = OLD.series_id
          AND NEW.time = OLD.time AND NEW.known_from = OLD.known_from AND NEW.qc_flag = OLD.qc_flag
          AND NEW.set_by = OLD.set_by AND NEW.reason = OLD.reason)
BEGIN SELECT RAISE(ABORT, 'a stored qc override cannot be changed, only closed'); END
--;
DROP TRIGGER IF EXISTS qc_override_no_delete
--;
CREATE TRIGGER qc_override_no_delete BEFORE DELETE ON qc_override
BEGIN SELECT RAISE(ABORT, 'a stored qc override cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS cube_part_append_only
--;
CREATE TRIGGER cube_part_append_only BEFORE UPDATE ON cube_part
WHEN NOT (OLD.known_to IS NULL AND NEW.known_to IS NOT NULL AND NEW.id = OLD.id AND NEW.dataset_id = OLD.dataset_id
          AND NEW.period_start = OLD.period_start AND NEW.period_end = OLD.period_end
          AND NEW.known_from = OLD.known_from AND NEW.sha256 = OLD.sha256 AND NEW.size = OLD.size
          AND NEW.fingerprint = OLD.fingerprint AND NEW.n_granules = OLD.n_granules AND NEW.run_id = OLD.run_id)
BEGIN SELECT RAISE(ABORT, 'a stored cube part cannot be changed, only closed'); END
--;
DROP TRIGGER IF EXISTS cube_part_no_delete
--;
CREATE TRIGGER cube_part_no_delete BEFORE DELETE ON cube_part
BEGIN SELECT RAISE(ABORT, 'a stored cube part cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS indicator_input_no_update
--;
-- The lineage of a value is a part of it.
CREATE TRIGGER indicator_input_no_update BEFORE UPDATE ON indicator_input
BEGIN SELECT RAISE(ABORT, 'a stored indicator input cannot be changed'); END
--;
DROP TRIGGER IF EXISTS indicator_input_no_delete
--;
CREATE TRIGGER indicator_input_no_delete BEFORE DELETE ON indicator_input
BEGIN SELECT RAISE(ABORT, 'a stored indicator input cannot be deleted'); END
--;
DROP TRIGGER IF EXISTS manual_value_append_only
--;
CREATE TRIGGER manual_value_append_only BEFORE UPDATE ON manual_value
WHEN NOT (OLD.known_to IS NULL AND NEW.known_to IS NOT NULL AND NEW.id = OLD.id AND NEW.quantity = OLD.quantity
          AND NEW.location_id = OLD.location_id AND NEW.period_start = OLD.period_start
          AND NEW.period_end = OLD.period_end AND NEW.known_from = OLD.known_from AND NEW.value = OLD.value
          AND NEW.unit = OLD.unit AND NEW.reported_by = OLD.reported_by AND NEW.reported_on = OLD.reported_on
          AND NEW.source = OLD.source AND NEW.licence = OLD.licence AND NEW.redistributable = OLD.redistributable
          AND NEW.note = OLD.note AND NEW.signed_by = OLD.signed_by AND NEW.signed_on = OLD.signed_on
          AND NEW.file_sha256 = OLD.file_sha256)
BEGIN SELECT RAISE(ABORT, 'a stored manual value cannot be changed, only closed'); END
--;
DROP TRIGGER IF EXISTS manual_value_no_delete
--;
CREATE TRIGGER manual_value_no_delete BEFORE DELETE ON manual_value
BEGIN SELECT RAISE(ABORT, 'a stored manual value cannot be deleted'); END
