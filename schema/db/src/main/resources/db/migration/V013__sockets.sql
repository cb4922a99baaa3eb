-- Who has which WebSocket open. A node that dies cannot tell its sessions that their sockets are
-- gone: whoever finds it silent tells them instead.
create table api_nodes (
  node_id uuid primary key,
  -- Process id and machine, for people.
  name    text not null,
  seen_at timestamptz not null default now(),
  -- Since when it is taken for dead. One that wakes after that gives its sockets up, and is a new
  -- node.
  lost_at timestamptz
);

create table sockets (
  connection_id uuid primary key,
  session_id    uuid not null references sessions,
  -- Null when the node could not tell the session that the socket is gone: others do.
  node_id       uuid references api_nodes,
  -- Whether the client had said that it closes.
  asked         boolean not null default false,
  opened_at     timestamptz not null default now()
);

create index sockets_of_nodes on sockets (node_id);
