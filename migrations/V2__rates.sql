-- The freight-rate service: regions, the ports in them, and what shipping between two ports cost on a day.

-- Codes are compared as bytes: the order is nobody's language, and bytes sort faster.
CREATE TABLE public.regions (
    slug text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    parent_slug text COLLATE "C" REFERENCES public.regions
);
CREATE INDEX regions_parent ON public.regions (parent_slug);

CREATE TABLE public.ports (
    code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    parent_slug text COLLATE "C" NOT NULL REFERENCES public.regions
);
CREATE INDEX ports_parent ON public.ports (parent_slug);

-- Many prices for one route and day are the rule, so there is no key.
CREATE TABLE public.prices (
    orig_code text COLLATE "C" NOT NULL REFERENCES public.ports,
    dest_code text COLLATE "C" NOT NULL REFERENCES public.ports,
    day date NOT NULL,
    price integer NOT NULL,
    -- The number of the batch that brought the row; 0 for a row that none brought. No foreign key: a check for every
    -- row, for a number that only the loader writes.
    batch bigint NOT NULL DEFAULT 0
) WITH (
    -- Rows only ever come: vacuum early, so that the map which index-only scans rely on stays fresh.
    autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0.02
);
-- Answers /rates without the table.
CREATE INDEX prices_route_day ON public.prices (orig_code, dest_code, day) INCLUDE (price);
-- A batch's rows lie together: this finds them again, at the price of a few pages.
CREATE INDEX prices_batch ON public.prices USING brin (batch) WITH (pages_per_range = 32, autosummarize = on);

GRANT SELECT ON public.regions, public.ports TO waybill_apis;
