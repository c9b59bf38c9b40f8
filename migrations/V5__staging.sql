-- Where the Spark lane keeps the rows of an attempt until they are published: one table for each attempt, made and dropped by
-- the loader itself.
CREATE SCHEMA waybill_stage;
COMMENT ON SCHEMA waybill_stage IS 'Rows of attempts of the Spark lane, until they are published';
REVOKE ALL ON SCHEMA waybill_stage FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA waybill_stage TO waybill_loaders;
