-- An answer of a client is stored, then its host is told. Whoever stored it may die in between: what
-- the bridge was not given yet is found by this.
alter table client_tool_calls
  add column delivered_at timestamptz;
