-- The start of a sandbox, and every answer, asks which tool calls wait for a person.
create index events_of_requested_approvals on events (session_id, seq)
  where type = 'approval.requested';
