-- Who waits to be loaded, and in which order. Messages only say that somebody waits; who is next, the ledger says.

ALTER TABLE waybill.batches
    ADD COLUMN partner text,
    -- There are two priorities.
    -- squawk-ignore prefer-bigint-over-smallint
    ADD COLUMN priority smallint NOT NULL DEFAULT 1,
    ADD COLUMN attempt_at timestamptz,
    ADD COLUMN tries_from integer NOT NULL DEFAULT 0,
    ADD COLUMN progress_copied bigint NOT NULL DEFAULT 0,
    ADD COLUMN cancel_by text,
    ADD COLUMN job text;
COMMENT ON COLUMN waybill.batches.partner IS 'Whose it is: turns are taken between datasets and partners';
COMMENT ON COLUMN waybill.batches.priority IS '0 urgent, 1 normal: whatever is urgent goes first';
COMMENT ON COLUMN waybill.batches.attempt_at IS 'When the attempt began that the progress is of';
COMMENT ON COLUMN waybill.batches.tries_from IS 'The attempt after which tries count: the last one before somebody asked for another, or 0';
COMMENT ON COLUMN waybill.batches.progress_copied IS 'Rows that the database was sent';
COMMENT ON COLUMN waybill.batches.cancel_by IS 'Who asked the loader that holds it to stop';
COMMENT ON COLUMN waybill.batches.job IS 'The job that was started for it, in lanes that have jobs';

-- A table of its own, so that waiting and being taken costs the batches no index.
CREATE TABLE waybill.queue (
    batch bigint PRIMARY KEY REFERENCES waybill.batches,
    lane text NOT NULL,
    -- squawk-ignore prefer-bigint-over-smallint
    priority smallint NOT NULL,
    dataset text NOT NULL,
    partner text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
    -- A thousand rows come and go within minutes.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 500
);
COMMENT ON TABLE waybill.queue IS 'Batches whose bytes are there and that no loader holds';
CREATE INDEX queue_order ON waybill.queue (lane, priority, dataset, partner, due_at, batch);

CREATE TABLE waybill.turns (
    lane text NOT NULL,
    dataset text NOT NULL,
    partner text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (lane, dataset, partner)
) WITH (fillfactor = 50);
COMMENT ON TABLE waybill.turns IS 'When each dataset and partner was served last: who waited longest is next';

-- Ends a batch that waits, or tells its loader to stop. What came of it is the batch's state.
CREATE FUNCTION waybill.cancel(batch_id uuid, problem jsonb, asked_by text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known record;
    waits boolean;
BEGIN
    SELECT number, state, attempt INTO known FROM waybill.batches WHERE id = batch_id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    DELETE FROM waybill.queue WHERE batch = known.number;
    waits := FOUND OR known.state = 'received';
    IF known.state = 'loading' THEN
        UPDATE waybill.batches SET cancel_by = asked_by WHERE number = known.number;
        INSERT INTO waybill.events (batch, state, attempt, note)
        VALUES (known.number, 'loading', known.attempt, 'cancelling asked for by ' || asked_by);
    ELSIF waits AND known.state IN ('received', 'failed') THEN
        UPDATE waybill.batches SET state = 'failed', error = problem, finished_at = clock_timestamp()
        WHERE number = known.number;
        INSERT INTO waybill.events (batch, state, attempt, note)
        VALUES (known.number, 'failed', known.attempt, 'cancelled by ' || asked_by);
        RETURN 'cancelled';
    END IF;
    RETURN known.state;
END
$$;
REVOKE ALL ON FUNCTION waybill.cancel FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waybill.cancel TO waybill_apis, waybill_loaders;

GRANT SELECT, INSERT, UPDATE, DELETE ON waybill.queue, waybill.turns TO waybill_loaders;
-- What is urgent waits from the moment that the API has stored it, before the bucket's event.
GRANT INSERT (priority), UPDATE (lane, partner, tries_from, cancel_by) ON waybill.batches TO waybill_apis;
GRANT SELECT, INSERT, UPDATE (due_at) ON waybill.queue TO waybill_apis;
