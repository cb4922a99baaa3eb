-- The oldest events of a log are deleted in the end. What the session had come to by then stays, so
-- that a reader from before gets that instead of silence.
create table log_cuts (
  session_id uuid primary key references sessions,
  -- Events up to this number are gone.
  cut_seq    bigint not null,
  -- What the session had come to at that event.
  snapshot   json not null,
  cut_at     timestamptz not null default now()
);

-- How a message ended, once the event that said it is gone: whoever asks hears what it always heard.
alter table messages
  add column end_seq bigint,
  add column stop_reason text;

-- A session that its workflow has closed takes no messages any more, whoever asked for the close:
-- the next one would begin it anew.
create function close_session() returns trigger
language plpgsql as $$
begin
  update sessions s set closed_at = new.at
    where s.session_id = new.session_id and s.closed_at is null;
  return null;
end
$$;

create trigger events_close_sessions after insert on events
  for each row
  when (new.type = 'session.status' and new.payload ->> 'status' = 'terminated')
  execute function close_session();

update sessions set closed_at = updated_at where status = 'terminated' and closed_at is null;
create index sessions_closed on sessions (closed_at) where closed_at is not null;
