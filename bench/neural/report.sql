\pset format aligned
\pset border 2
\pset linestyle old-ascii
SELECT part, what, round(value, CASE WHEN value < 10 THEN 4 WHEN value < 1000 THEN 2 ELSE 0 END) AS measured, unit,
    CASE WHEN bar IS NULL THEN '' ELSE CASE WHEN at_least THEN 'at least ' ELSE 'at most ' END || bar END AS bar,
    CASE met WHEN true THEN 'met' WHEN false THEN 'MISSED' ELSE '' END AS result
  FROM figures ORDER BY at;
