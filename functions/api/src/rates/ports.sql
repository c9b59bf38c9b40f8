-- Prices between two ports ($1, $2) from one day ($3) to another ($4): the days that have any, their number, their sum.
-- One row, with the data's version from the same snapshot. Nothing is read but the index, which holds the price as well.
SELECT (SELECT 'prices:' || version FROM waybill.versions WHERE dataset = 'prices') AS version,
    array_agg(day) AS days, array_agg(count) AS counts, array_agg(total) AS totals
FROM (
    SELECT day, count(*) AS count, sum(price) AS total
    FROM public.prices
    WHERE orig_code = $1 AND dest_code = $2 AND day BETWEEN $3 AND $4
    GROUP BY day
) AS daily
