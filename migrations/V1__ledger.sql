-- The ledger: every batch, its state and its history. The only authority on what has been loaded.

-- Group roles hold the privileges; the login roles of each database are their members. A server's databases share them.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['waybill_loaders', 'waybill_readers', 'waybill_apis'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database's migration was quicker
            END;
        END IF;
    END LOOP;
    -- Lets a load check foreign keys once per distinct value. Without it loads are as right, and slower.
    IF NOT has_parameter_privilege('waybill_loaders', 'session_replication_role', 'SET') THEN
        BEGIN
            GRANT SET ON PARAMETER session_replication_role TO waybill_loaders;
        EXCEPTION WHEN insufficient_privilege OR internal_error THEN
            RAISE NOTICE 'session_replication_role is not granted: foreign keys will be checked row by row';
        END;
    END IF;
END
$$;

REVOKE ALL ON SCHEMA waybill FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA waybill, public TO waybill_loaders, waybill_readers, waybill_apis;

-- Target tables that later migrations make are loaded and read by the same roles.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO waybill_readers;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO waybill_loaders;

CREATE TABLE waybill.batches (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    dataset text NOT NULL,
    state text NOT NULL DEFAULT 'received' CONSTRAINT batches_state CHECK (
        state IN ('received', 'loading', 'committed', 'checked', 'rejected', 'failed', 'duplicate', 'undone')),
    lane text NOT NULL DEFAULT 'function' CONSTRAINT batches_lane CHECK (lane IN ('function', 'task', 'spark')),
    -- The fence: raised by every claim, matched by every write of the claim's holder.
    attempt integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    rows bigint,
    rejected bigint,
    bytes bigint,
    sha256 bytea CONSTRAINT batches_sha256 CHECK (octet_length(sha256) = 32),
    bucket text NOT NULL,
    object_key text NOT NULL,
    object_version text,
    object_bytes bigint,
    etag text,
    duplicate_of uuid,
    submitted_by text NOT NULL,
    release text,
    dry_run boolean NOT NULL DEFAULT false,
    force boolean NOT NULL DEFAULT false,
    expect_rows bigint,
    expect_sha256 bytea,
    progress_bytes bigint NOT NULL DEFAULT 0,
    progress_rows bigint NOT NULL DEFAULT 0,
    report_total bigint NOT NULL DEFAULT 0,
    report_listed bigint NOT NULL DEFAULT 0,
    header bytea,
    error jsonb,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT batches_lease CHECK ((state = 'loading') = (lease_until IS NOT NULL))
) WITH (fillfactor = 70);
COMMENT ON TABLE waybill.batches IS 'One delivery for one dataset; the unit of all-or-nothing';
CREATE INDEX batches_dataset ON waybill.batches (dataset, number);
CREATE INDEX batches_state ON waybill.batches (state, number);
CREATE INDEX batches_etag ON waybill.batches (dataset, etag) WHERE state = 'committed';

CREATE TABLE waybill.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch bigint NOT NULL REFERENCES waybill.batches,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL,
    attempt integer NOT NULL,
    note text
);
COMMENT ON TABLE waybill.events IS 'The timeline of every batch';
CREATE INDEX events_batch ON waybill.events (batch, id);

CREATE TABLE waybill.errors (
    batch bigint NOT NULL REFERENCES waybill.batches,
    ordinal integer NOT NULL,
    record bigint NOT NULL,
    line bigint NOT NULL,
    byte bigint NOT NULL,
    column_name text,
    rule text NOT NULL,
    value text,
    message text NOT NULL,
    row bytea NOT NULL,
    PRIMARY KEY (batch, ordinal)
);
COMMENT ON TABLE waybill.errors IS 'The reports of rejected batches, in file order';

CREATE TABLE waybill.contents (
    dataset text NOT NULL,
    sha256 bytea NOT NULL,
    batch uuid NOT NULL REFERENCES waybill.batches (id),
    PRIMARY KEY (dataset, sha256)
);
COMMENT ON TABLE waybill.contents IS 'What has been loaded, by content: the memory that tells duplicates, without end';
CREATE INDEX contents_batch ON waybill.contents (batch);

CREATE TABLE waybill.versions (
    dataset text PRIMARY KEY,
    version bigint NOT NULL,
    batch bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE waybill.versions IS 'How often each dataset has changed: what ETags are made of';

CREATE TABLE waybill.api_keys (
    id text PRIMARY KEY,
    name text NOT NULL,
    hash bytea NOT NULL,
    scopes text[] NOT NULL,
    datasets text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz
);

CREATE TABLE waybill.idempotency (
    key_id text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    token uuid NOT NULL,
    answer jsonb,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (key_id, key)
);
CREATE INDEX idempotency_begun_at ON waybill.idempotency (begun_at);

-- The API may not change states, but for this one: a batch that it announced and could not store.
CREATE FUNCTION waybill.withdraw(batch_id uuid, problem jsonb, why text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    WITH withdrawn AS (
        UPDATE waybill.batches SET state = 'failed', error = problem, finished_at = clock_timestamp()
        WHERE id = batch_id AND state = 'received' AND attempt = 0
        RETURNING number
    ), noted AS (
        INSERT INTO waybill.events (batch, state, attempt, note) SELECT number, 'failed', 0, why FROM withdrawn
        RETURNING batch
    )
    SELECT EXISTS (SELECT FROM noted)
$$;
REVOKE ALL ON FUNCTION waybill.withdraw FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waybill.withdraw TO waybill_apis;

-- The loader: the whole life of a batch, but no keys.
GRANT SELECT, INSERT, UPDATE ON waybill.batches, waybill.versions TO waybill_loaders;
GRANT SELECT, INSERT ON waybill.events TO waybill_loaders;
GRANT SELECT, INSERT, DELETE ON waybill.errors, waybill.contents TO waybill_loaders;

-- The API: makes batches known and asks for things to be done to them; does none of them.
GRANT SELECT ON waybill.batches, waybill.events, waybill.errors, waybill.versions, waybill.api_keys TO waybill_apis;
GRANT INSERT (id, dataset, bucket, object_key, object_version, object_bytes, etag, submitted_by, dry_run, force,
    expect_rows, expect_sha256) ON waybill.batches TO waybill_apis;
GRANT UPDATE (object_version, object_bytes, etag) ON waybill.batches TO waybill_apis;
GRANT INSERT (batch, state, attempt, note) ON waybill.events TO waybill_apis;
GRANT SELECT, INSERT, UPDATE, DELETE ON waybill.idempotency TO waybill_apis;

-- The reader: what an ETag is made of and whether a batch has arrived.
GRANT SELECT ON waybill.versions TO waybill_readers;
GRANT SELECT (id, number, dataset, state, duplicate_of) ON waybill.batches TO waybill_readers;
