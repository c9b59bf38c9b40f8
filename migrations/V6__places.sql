-- Where a batch's rows lie, noted once for all of them. An index on `batch` cost every row that was loaded.
CREATE TABLE waybill.places (
    batch bigint PRIMARY KEY REFERENCES waybill.batches,
    from_page bigint NOT NULL,
    to_page bigint NOT NULL
);
COMMENT ON TABLE waybill.places IS 'Pages that a table grew by while a batch was appended: an undo looks there first';
GRANT SELECT, INSERT, DELETE ON waybill.places TO waybill_loaders;
