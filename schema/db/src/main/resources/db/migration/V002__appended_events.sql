-- append_events gives the time and the epoch of each event too: a writer can show what it has written,
-- and sees who was first to write an event that was there before.
drop function append_events(
  uuid[], int[], int[], int[], text[], text[], uuid[], uuid[], int[], text[], text[]);

-- Appends events of many sessions in one statement, which is one transaction and one round trip.
--
-- A request names a session and may name the epoch and the attachment under which it writes; an epoch
-- or attachment below the session's is refused, for that request alone. Events are numbered in the
-- order in which they are given. An event whose id exists is not written again; its number is given.
-- Sessions are locked in the order of their ids, so that two appends cannot wait for each other.
--
-- The session's row follows its log: status, reason, turns and state are projections of events.
create function append_events(
  p_sessions uuid[], p_epochs int[], p_attachments int[],
  p_requests int[], p_event_ids text[], p_types text[], p_turn_ids uuid[], p_message_ids uuid[],
  p_event_epochs int[], p_payloads text[], p_raws text[]
) returns table (request int, verdict text, ordinal int, seq bigint, at timestamptz, epoch int)
language plpgsql as $$
declare
  v_head     record;
  v_request  int;
  v_ordinal  int := 1;
  v_events   int := coalesce(array_length(p_requests, 1), 0);
  v_seq      bigint;
  v_next     bigint;
  v_payload  json;
  v_at       timestamptz;
  v_epoch    int;
begin
  perform 1 from sessions s where s.session_id = any (p_sessions)
    order by s.session_id for no key update;

  for v_request in 1 .. array_length(p_sessions, 1) loop
    select s.epoch, s.attachment, s.last_seq into v_head
      from sessions s where s.session_id = p_sessions[v_request];

    if not found then
      request := v_request; verdict := 'missing'; ordinal := null; seq := null;
      at := null; epoch := null;
      return next;
    elsif p_epochs[v_request] <> v_head.epoch
       or p_attachments[v_request] < v_head.attachment then
      request := v_request; verdict := 'superseded'; ordinal := null; seq := null;
      at := null; epoch := null;
      return next;
    else
      v_next := v_head.last_seq;
      while v_ordinal <= v_events and p_requests[v_ordinal] = v_request loop
        v_at := clock_timestamp();
        v_epoch := p_event_epochs[v_ordinal];
        insert into events
          (session_id, seq, event_id, type, turn_id, message_id, epoch, at, payload, raw)
        values
          (p_sessions[v_request], v_next + 1, p_event_ids[v_ordinal], p_types[v_ordinal],
           p_turn_ids[v_ordinal], p_message_ids[v_ordinal], v_epoch,
           v_at, p_payloads[v_ordinal]::json, p_raws[v_ordinal]::json)
        on conflict (session_id, event_id) do nothing;

        if found then
          v_next := v_next + 1;
          v_seq := v_next;
          verdict := 'appended';
          v_payload := p_payloads[v_ordinal]::json;
          case p_types[v_ordinal]
            when 'session.status' then
              update sessions s set status = v_payload ->> 'status', reason = v_payload ->> 'reason'
                where s.session_id = p_sessions[v_request];
            when 'session.completed' then
              update sessions s set state = 'completed', completed_at = now()
                where s.session_id = p_sessions[v_request];
            when 'message.accepted' then
              update sessions s set state = 'running', completed_at = null
                where s.session_id = p_sessions[v_request] and s.state <> 'running';
            when 'turn.completed', 'turn.interrupted', 'turn.failed' then
              update sessions s set turns = s.turns + 1
                where s.session_id = p_sessions[v_request];
            else
              null;
          end case;
        else
          select e.seq, e.at, e.epoch into v_seq, v_at, v_epoch from events e
            where e.session_id = p_sessions[v_request] and e.event_id = p_event_ids[v_ordinal];
          verdict := 'repeated';
        end if;

        request := v_request; ordinal := v_ordinal; seq := v_seq; at := v_at;
        epoch := v_epoch;
        return next;
        v_ordinal := v_ordinal + 1;
      end loop;

      update sessions s set last_seq = v_next, updated_at = now()
        where s.session_id = p_sessions[v_request] and s.last_seq <> v_next;
    end if;

    -- Events of a refused request are passed over.
    while v_ordinal <= v_events and p_requests[v_ordinal] = v_request loop
      v_ordinal := v_ordinal + 1;
    end loop;
  end loop;
end
$$;

-- The start of a sandbox asks which tool calls were begun and not ended.
create index events_of_started_tools on events (session_id, seq) where type = 'tool.started';
