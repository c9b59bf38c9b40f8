-- An undo finds a batch's rows by waybill.places.
DROP INDEX CONCURRENTLY IF EXISTS public.prices_batch;
