// What the run warned of: memory that ran out, near-copies, labels that contradict each other.
import { Alert, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { JobDetail } from '@/client/records';
import { formatNumberOf } from '@/lib/format';

export function Notices({ job }: { job: JobDetail }) {
  // A random start has a place of its own, beside the state of the run.
  const warnings = (job.warnings ?? []).filter((each) => each !== job.weights_sentence);
  const [only] = warnings;
  if (only === undefined) return null;
  return (
    <Alert
      color="orange"
      radius={14}
      icon={<IconAlertTriangle aria-hidden />}
      role="note"
      title={`${formatNumberOf(warnings.length, 'thing')} to know about this run`}
      style={{ overflowWrap: 'anywhere' }}
    >
      {warnings.length === 1 ? (
        only
      ) : (
        <List spacing={6} size="sm">
          {warnings.map((warning) => (
            <List.Item key={warning}>{warning}</List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}
