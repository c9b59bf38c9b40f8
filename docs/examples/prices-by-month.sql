-- Makes `prices` a table with a partition for each month. docs/scaling.md says when that is worth it, and its limits.
--
-- To use it, copy it to a migration of your own, migrations/V<next>__prices_by_month.sql, and set the month below: the
-- first that no price is of yet. The table that is there becomes the partition of all days before, as it lies: no row is
-- written again. It is locked while one scan shows that no price lies beyond that month.

ALTER TABLE public.prices RENAME TO prices_before;
ALTER INDEX public.prices_route_day RENAME TO prices_before_route_day;

CREATE TABLE public.prices (LIKE public.prices_before INCLUDING DEFAULTS) PARTITION BY RANGE (day);
ALTER TABLE public.prices ADD FOREIGN KEY (orig_code) REFERENCES public.ports, ADD FOREIGN KEY (dest_code) REFERENCES public.ports;

-- Made and then attached: a partition that is made in place would lock out all readers and loads of `prices`.
CREATE FUNCTION waybill.add_prices_month(month date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    partition text := to_char(month, '"prices_"YYYY_MM');
BEGIN
    -- A partitioned table has no such settings: each partition needs its own.
    EXECUTE format('CREATE TABLE public.%I (LIKE public.prices INCLUDING DEFAULTS) WITH (
        autovacuum_vacuum_insert_scale_factor = 0.02,
        autovacuum_vacuum_insert_threshold = 50000,
        autovacuum_analyze_scale_factor = 0.02)', partition);
    EXECUTE format('ALTER TABLE public.prices ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        partition, date_trunc('month', month)::date, (date_trunc('month', month) + interval '1 month')::date);
END
$$;
REVOKE ALL ON FUNCTION waybill.add_prices_month FROM PUBLIC;

DO $$
DECLARE
    first_month date := '2027-01-01';
    months integer := 12;
BEGIN
    EXECUTE format('ALTER TABLE public.prices ATTACH PARTITION public.prices_before FOR VALUES FROM (MINVALUE) TO (%L)', first_month);
    FOR later IN 0 .. months - 1 LOOP
        PERFORM waybill.add_prices_month((first_month + make_interval(months => later))::date);
    END LOOP;
END
$$;

-- On `prices` itself, so that every partition has them and loads sort by the first. The old table's is taken as it is.
CREATE INDEX prices_route_day ON public.prices (orig_code, dest_code, day) INCLUDE (price);
-- An undo finds the pages of one table by waybill.places, those of many only by an index.
CREATE INDEX prices_batch ON public.prices USING brin (batch) WITH (pages_per_range = 32, autosummarize = on);
