-- The start of a sandbox asks what its agent's predecessors had at work beside themselves.
create index events_of_background_tasks on events (session_id, seq)
  where type = 'agent.notice'
    and payload ->> 'sdk_subtype' in ('task_started', 'task_updated', 'task_notification');
create index events_of_lost_background on events (session_id, seq) where type = 'background.lost';
