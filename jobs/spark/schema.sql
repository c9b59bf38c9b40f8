-- Where the Spark lane keeps the rows of an attempt until they are published: one table for each attempt, made and dropped by
-- the loader itself.
CREATE SCHEMA IF NOT EXISTS waybill_stage;
REVOKE ALL ON SCHEMA waybill_stage FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA waybill_stage TO waybill_loaders;
