-- Who called a key leaked, and when; NULL where nobody did.

ALTER TABLE keys ADD COLUMN leaked_json TEXT;
