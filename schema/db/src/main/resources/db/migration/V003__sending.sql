-- Until when a message is open: its turn ended, or it was withdrawn. A message and the session's log
-- cannot disagree about it, because the event that ends the turn sets it.
alter table messages add column ended_at timestamptz;
-- How many messages ran before it when the session took it, so that every repeat hears the same.
alter table messages add column position int;

update messages m set ended_at = e.at
  from events e
  where e.session_id = m.session_id and e.event_id = 'turn/' || m.message_id || '/end';

create index messages_open on messages (session_id) where ended_at is null;

create function end_message() returns trigger
language plpgsql as $$
begin
  update messages m set ended_at = new.at
    where m.session_id = new.session_id and m.message_id = new.message_id and m.ended_at is null;
  return null;
end
$$;

create trigger events_end_messages after insert on events
  for each row
  when (new.type in ('turn.completed', 'turn.interrupted', 'turn.failed', 'message.withdrawn'))
  execute function end_message();

-- Messages that only an idle session was to take, and that came to a busy one. Nothing of them is
-- kept but what a repeat needs to be answered as the first time.
create table message_refusals (
  session_id   uuid not null references sessions,
  message_id   uuid not null,
  content_hash bytea not null,
  refused_at   timestamptz not null default now(),
  primary key (session_id, message_id)
);

-- The session takes no messages any more; its workflow ends soon after, or has ended.
alter table sessions add column closed_at timestamptz;
-- SHA-256 of the options that a session with a key was asked for with: the key of other options is
-- another request.
alter table sessions add column asked_hash bytea;
