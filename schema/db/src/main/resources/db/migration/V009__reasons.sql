-- Why the last turn ended and why a turn last lost its sandbox, in the words of the events. The row
-- follows its log, here as elsewhere.
alter table sessions
  add column stop_reason    text,
  add column restart_reason text;

-- Whether the message cuts what runs when the session hears of it, which may be later: Temporal can
-- be away when the message is accepted.
alter table messages add column interrupts boolean not null default false;

create function follow_reasons() returns trigger
language plpgsql as $$
begin
  if new.type in ('turn.completed', 'turn.failed') then
    update sessions s set stop_reason = new.payload ->> 'stop_reason'
      where s.session_id = new.session_id;
  elsif new.type = 'turn.interrupted' then
    update sessions s set stop_reason = 'interrupted' where s.session_id = new.session_id;
  elsif new.type in ('session.rescheduled', 'session.restarted') then
    update sessions s set restart_reason = new.payload ->> 'reason'
      where s.session_id = new.session_id;
  elsif new.payload ->> 'status' = 'terminated' then
    -- Nothing that still runs for the session may write any more: its epoch is over.
    update sessions s set epoch = s.epoch + 1 where s.session_id = new.session_id;
  end if;
  return null;
end
$$;

create trigger events_give_reasons after insert on events
  for each row
  when (new.type in ('turn.completed', 'turn.failed', 'turn.interrupted', 'session.rescheduled',
                     'session.restarted', 'session.status'))
  execute function follow_reasons();
