-- A turn that takes long has snapshots while it runs, each at its own place in the log.
alter table workspace_snapshots
  drop constraint workspace_snapshots_pkey,
  add primary key (session_id, seq),
  -- How many quiesced snapshots the session has had, with this one.
  add column quiesced_so_far bigint not null default 0,
  -- The share of the store that was read back after it, and was sound, as part/of; null for none.
  add column read_back text;
