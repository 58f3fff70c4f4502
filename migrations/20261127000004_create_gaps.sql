-- Questions without a good answer, by day: only words of the FAQ's own vocabulary, others are dots.

CREATE TABLE gaps (
  workspace_id TEXT NOT NULL REFERENCES workspaces (id),
  day TEXT NOT NULL,
  kind TEXT NOT NULL,
  topic TEXT NOT NULL,
  words TEXT NOT NULL,
  times BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, day, kind, topic, words)
);
CREATE INDEX gaps_day ON gaps (day);
