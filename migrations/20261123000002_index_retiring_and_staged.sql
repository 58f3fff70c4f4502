-- Few rows are ever in these states; the indexes hold those alone.

CREATE INDEX credentials_retiring ON credentials (id) WHERE state = 'retiring';
CREATE INDEX keys_staged ON keys (id) WHERE state = 'staged';
