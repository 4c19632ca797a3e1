-- The number of a run is a fencing token: a writer whose run is over, because another took it over, is refused.
DROP TRIGGER IF EXISTS retrieval_fenced
--;
CREATE TRIGGER retrieval_fenced BEFORE INSERT ON retrieval
WHEN NOT EXISTS (SELECT 1 FROM run r WHERE r.id = NEW.run_id AND r.status = 'running')
BEGIN SELECT RAISE(ABORT, 'the run of this writer is over'); END
--;
DROP TRIGGER IF EXISTS computation_fenced
--;
CREATE TRIGGER computation_fenced BEFORE INSERT ON computation
WHEN NOT EXISTS (SELECT 1 FROM run r WHERE r.id = NEW.run_id AND r.status = 'running')
BEGIN SELECT RAISE(ABORT, 'the run of this writer is over'); END
--;
DROP TRIGGER IF EXISTS computation_change_fenced
--;
CREATE TRIGGER computation_change_fenced BEFORE UPDATE ON computation
WHEN NOT EXISTS (SELECT 1 FROM run r WHERE r.id = NEW.run_id AND r.status = 'running')
BEGIN SELECT RAISE(ABORT, 'the run of this writer is over'); END
--;
DROP TRIGGER IF EXISTS indicator_value_fenced
--;
CREATE TRIGGER indicator_value_fenced BEFORE INSERT ON indicator_value
WHEN NOT EXISTS (SELECT 1 FROM run r WHERE r.id = NEW.run_id AND r.status = 'running')
BEGIN SELECT RAISE(ABORT, 'the run of this writer is over'); END
--;
DROP TRIGGER IF EXISTS cube_part_fenced
--;
CREATE TRIGGER cube_part_fenced BEFORE INSERT ON cube_part
WHEN NOT EXISTS (SELECT 1 FROM run r WHERE r.id = NEW.run_id AND r.status = 'running')
BEGIN SELECT RAISE(ABORT, 'the run of this writer is over'); END
--;
DROP TRIGGER IF EXISTS report_edition_fenced
--;
CREATE TRIGGER report_edition_fenced BEFORE INSERT ON report_edition
WHEN NOT EXISTS (SELECT 1 FROM run r WHERE r.id = NEW.run_id AND r.status = 'running')
BEGIN SELECT RAISE(ABORT, 'the run of this writer is over'); END
