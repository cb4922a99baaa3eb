-- Accounts (developers) own projects; a project issues the tokens of its end users.
create table accounts (
  account_id text primary key,
  name       text not null,
  created_at timestamptz not null default now()
);

-- An account key is kept as its SHA-256 only.
create table account_keys (
  key_hash   bytea primary key,
  account_id text not null references accounts,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table projects (
  project_id text primary key,
  account_id text not null references accounts,
  name       text not null,
  hmac_key   text not null,
  active     boolean not null default true,
  created_at timestamptz not null default now()
);

-- One conversation. The row is the head of its event log too: last_seq counts the events, epoch and
-- attachment say who may write to it.
create table sessions (
  session_id   uuid primary key,
  project_id   text not null references projects,
  account_id   text not null references accounts,
  end_user_id  text not null,
  model        text not null,
  options      json not null,
  -- The models that the session may ask, null for all that the operator allows.
  allowed_models text[],
  -- The connection that announced client-side tools last; it gets their calls.
  tool_owner   text,
  -- What the account pages show: running, completed, failed.
  state        text not null default 'running' check (state in ('running', 'completed', 'failed')),
  -- What /v1 shows: queued, running, requires_action, rescheduling, idle, terminated.
  status       text not null default 'idle',
  reason       text,
  turns        bigint not null default 0,
  epoch        int not null default 0,
  -- The run and activity that took the current epoch, so that a repeat takes no new one.
  fenced_by    text,
  attachment   int not null default 0,
  last_seq     bigint not null default 0,
  host_id      text,
  -- Base address of the host that has the session's sandbox, for its live stream.
  host_url     text,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  completed_at timestamptz
) with (fillfactor = 70);

create index sessions_of_user on sessions (project_id, end_user_id, created_at desc);
create index sessions_of_account on sessions (account_id, created_at desc);

-- What end users sent. A row exists before the workflow hears of it; taken_at says that it has.
create table messages (
  session_id   uuid not null references sessions,
  message_id   uuid not null,
  content      json not null,
  content_hash bytea not null,
  bytes        int not null,
  accepted_seq bigint not null,
  accepted_at  timestamptz not null default now(),
  taken_at     timestamptz,
  primary key (session_id, message_id)
);

create index messages_not_taken on messages (accepted_at) where taken_at is null;

create table events (
  session_id uuid not null references sessions,
  seq        bigint not null,
  event_id   text not null,
  type       text not null,
  turn_id    uuid,
  message_id uuid,
  epoch      int not null,
  at         timestamptz not null,
  payload    json not null,
  -- json, not jsonb: a message of the Agent SDK is kept to the letter, and may hold \u0000.
  raw        json,
  primary key (session_id, seq),
  unique (session_id, event_id)
);

-- Machines that run sandboxes. A worker says that it is there when it starts and at every sweep.
create table hosts (
  host_id text primary key,
  url     text not null,
  seen_at timestamptz not null default now()
);

-- Sandboxes have ids of their own, because one can exist before it serves a session.
create table sandboxes (
  sandbox_id   text primary key,
  host_id      text not null,
  session_id   uuid references sessions,
  epoch        int,
  container_id text,
  image        text not null,
  tier         text not null,
  created_at   timestamptz not null default now(),
  claimed_at   timestamptz,
  ended_at     timestamptz,
  end_reason   text,
  end_detail   text
);

create unique index sandbox_of_epoch on sandboxes (session_id, epoch) where session_id is not null;
create index sandboxes_alive on sandboxes (host_id) where ended_at is null;

-- Calls of tools that clients execute. The answer waits here until a bridge has it.
create table client_tool_calls (
  session_id  uuid not null references sessions,
  call_id     text not null,
  epoch       int not null,
  called_at   timestamptz not null default now(),
  result      json,
  answered_at timestamptz,
  closed_at   timestamptz,
  outcome     text,
  primary key (session_id, call_id)
);

-- What model requests used. Append-only; the id makes a repeat harmless.
create table ledger (
  entry_id                    text primary key,
  session_id                  uuid not null references sessions,
  project_id                  text not null,
  account_id                  text not null,
  end_user_id                 text not null,
  turn_id                     uuid,
  epoch                       int not null,
  model                       text not null,
  input_tokens                bigint not null,
  output_tokens               bigint not null,
  cache_creation_5m_tokens    bigint not null,
  cache_creation_1h_tokens    bigint not null,
  cache_read_tokens           bigint not null,
  cost_microdollars           bigint not null,
  price_table                 text not null,
  at                          timestamptz not null default now()
);

create index ledger_of_session on ledger (session_id, turn_id);
create index ledger_of_user on ledger (project_id, end_user_id, at);

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
) returns table (request int, verdict text, ordinal int, seq bigint)
language plpgsql as $$
declare
  v_head     record;
  v_request  int;
  v_ordinal  int := 1;
  v_events   int := coalesce(array_length(p_requests, 1), 0);
  v_seq      bigint;
  v_next     bigint;
  v_payload  json;
begin
  perform 1 from sessions s where s.session_id = any (p_sessions)
    order by s.session_id for no key update;

  for v_request in 1 .. array_length(p_sessions, 1) loop
    select s.epoch, s.attachment, s.last_seq into v_head
      from sessions s where s.session_id = p_sessions[v_request];

    if not found then
      request := v_request; verdict := 'missing'; ordinal := null; seq := null;
      return next;
    elsif p_epochs[v_request] <> v_head.epoch
       or p_attachments[v_request] < v_head.attachment then
      request := v_request; verdict := 'superseded'; ordinal := null; seq := null;
      return next;
    else
      v_next := v_head.last_seq;
      while v_ordinal <= v_events and p_requests[v_ordinal] = v_request loop
        insert into events
          (session_id, seq, event_id, type, turn_id, message_id, epoch, at, payload, raw)
        values
          (p_sessions[v_request], v_next + 1, p_event_ids[v_ordinal], p_types[v_ordinal],
           p_turn_ids[v_ordinal], p_message_ids[v_ordinal], p_event_epochs[v_ordinal],
           clock_timestamp(), p_payloads[v_ordinal]::json, p_raws[v_ordinal]::json)
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
          select e.seq into v_seq from events e
            where e.session_id = p_sessions[v_request] and e.event_id = p_event_ids[v_ordinal];
          verdict := 'repeated';
        end if;

        request := v_request; ordinal := v_ordinal; seq := v_seq;
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
