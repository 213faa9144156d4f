// Every change of a job's state: when, by whom and why.
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { jobHistoryQuery } from '@/client/queries';
import type { JobChange, JobDetail } from '@/client/records';
import { Panel } from '@/components/Panel';
import { Loaded } from '@/components/states';
import { formatDateTime } from '@/lib/format';
import { STATUS } from './words';
import classes from './HistoryPanel.module.css';

export function HistoryPanel({ job }: { job: JobDetail }) {
  const query = useQuery(jobHistoryQuery(job));
  return (
    <Panel title="History">
      <Loaded query={query} label="Reading the history">
        {(changes) => (
          <ol className={classes.list}>
            {changes.map((change, place) => (
              <li key={place}>
                <Text size="sm" c="dimmed" className="figures">
                  <time dateTime={change.at}>{formatDateTime(change.at)}</time>
                </Text>
                <Text size="sm" fw={560}>
                  {stateOf(change)}
                </Text>
                <Text size="sm" className={classes.why}>
                  {change.why}{' '}
                  <Text span size="sm" c="dimmed">
                    {change.who}
                  </Text>
                </Text>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  );
}

/** The state that came of it; "still running" where something was only asked for. */
function stateOf({ before, after }: JobChange): string {
  const name = STATUS[after].name;
  return before === after ? `still ${name.toLowerCase()}` : name;
}
