-- One delivery may be several files, each with records, lines and bytes of its own: an entry of its report names the file.
ALTER TABLE waybill.errors ADD COLUMN file text;
COMMENT ON COLUMN waybill.errors.file IS 'The listed object, as its manifest names it; null where the batch is one object';
