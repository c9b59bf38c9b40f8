-- The same between ports or regions, and whether there are such places.
-- UNION (not UNION ALL) ends the walk even where regions were linked in a circle.
WITH RECURSIVE origin_regions AS (
    SELECT slug FROM public.regions WHERE slug = $1
    UNION SELECT r.slug FROM public.regions r JOIN origin_regions o ON r.parent_slug = o.slug
), destination_regions AS (
    SELECT slug FROM public.regions WHERE slug = $2
    UNION SELECT r.slug FROM public.regions r JOIN destination_regions d ON r.parent_slug = d.slug
), origins AS (
    SELECT code FROM public.ports WHERE code = $1 OR parent_slug IN (SELECT slug FROM origin_regions)
), destinations AS (
    SELECT code FROM public.ports WHERE code = $2 OR parent_slug IN (SELECT slug FROM destination_regions)
)
SELECT (
        SELECT string_agg(dataset || ':' || version, ' ' ORDER BY dataset)
        FROM waybill.versions WHERE dataset IN ('ports', 'prices', 'regions')
    ) AS version,
    array_agg(day) AS days, array_agg(count) AS counts, array_agg(total) AS totals,
    EXISTS (SELECT FROM origins) OR EXISTS (SELECT FROM origin_regions) AS origin_known,
    EXISTS (SELECT FROM destinations) OR EXISTS (SELECT FROM destination_regions) AS destination_known
FROM (
    SELECT day, count(*) AS count, sum(price) AS total
    FROM public.prices
    WHERE orig_code = ANY (ARRAY(SELECT code FROM origins)) AND dest_code = ANY (ARRAY(SELECT code FROM destinations))
        AND day BETWEEN $3 AND $4
    GROUP BY day
) AS daily
