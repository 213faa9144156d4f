// The state of a job in one word.
import { Badge } from '@mantine/core';
import type { JobStatus } from '@/client/records';
import { STATUS } from './words';

export function StatusBadge({ status }: { status: JobStatus }) {
  const { name, colour } = STATUS[status];
  return (
    <Badge variant="light" color={colour} tt="none" size="lg">
      {name}
    </Badge>
  );
}
