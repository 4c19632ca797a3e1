-- v_catalog: facts about this catalog itself.
--   name             synthetic (whether the data are a demonstration), schema_revision
--   value            yes or no; the revision
CREATE VIEW v_catalog AS
SELECT name, value FROM catalog_property
UNION ALL
SELECT 'schema_revision', version_num FROM alembic_version
