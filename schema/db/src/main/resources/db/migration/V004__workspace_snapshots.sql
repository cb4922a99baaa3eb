-- What is known of a session's workspace outside of its host: one row for the end of a turn whose
-- files are safe. Turns that changed nothing take the row of the snapshot over, so there is never
-- more than one row a snapshot.
create table workspace_snapshots (
  session_id  uuid not null references sessions,
  -- The turn and the number of its last event: to this place in the log the files belong.
  turn_id     uuid not null,
  seq         bigint not null,
  epoch       int not null,
  -- Null where the workspace was empty: there is nothing to keep then.
  snapshot_id text,
  -- Whether nobody wrote while it was taken; if not, files are as a crash would have left them.
  quiesced    boolean not null,
  -- Whether the store was looked at afterwards, and had everything.
  verified    boolean not null,
  -- Of names, sizes, modes and times; equal means that no file changed.
  fingerprint text not null,
  files       bigint not null,
  bytes       bigint not null,
  added_bytes bigint not null,
  at          timestamptz not null default now(),
  primary key (session_id, turn_id)
);

create index workspace_snapshots_latest on workspace_snapshots (session_id, seq desc);
