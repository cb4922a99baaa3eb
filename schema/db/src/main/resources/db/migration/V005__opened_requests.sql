-- Requests to models, each committed before it is sent. A row is closed once, by the statement that
-- writes the request's row of the ledger; without such a row only when the provider refused the
-- request or never had the whole of it. A row that stays open belongs to an api node that died.
create table model_requests (
  -- The id of the request's row in the ledger too.
  request_id                  text primary key,
  session_id                  uuid not null references sessions,
  turn_id                     uuid,
  epoch                       int not null,
  model                       text not null,
  request_bytes               bigint not null,
  -- The most output that was asked for; null where the request does not say it readably.
  max_tokens                  bigint,
  -- What the ledger gets when nothing becomes known of the answer.
  estimated_input_tokens      bigint not null,
  estimated_cost_microdollars bigint not null,
  price_table                 text not null,
  -- Process id and machine of the api node, for people.
  opened_by                   text not null,
  opened_at                   timestamptz not null default now(),
  closed_at                   timestamptz
);

create index model_requests_open on model_requests (opened_at) where closed_at is null;

-- exact: the provider said what it used. estimated: the answer was lost; tokens and cost are what is
-- known at least, and output_bound is the most output that the request allowed, null where unknown.
alter table ledger
  add column kind text not null default 'exact' check (kind in ('exact', 'estimated')),
  add column output_bound bigint;
