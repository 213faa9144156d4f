// All classes of a dataset in one thin strip, for lists: each one's share of the images.
import { Text } from '@mantine/core';
import type { ClassCount } from '@/client/records';
import { formatCount } from '@/lib/format';
import classes from './ClassStrip.module.css';

const NAMED = 3;

export function ClassStrip({ counts }: { counts: ClassCount[] }) {
  const total = counts.reduce((sum, each) => sum + each.images, 0);
  if (total === 0) return null;
  const named = counts.slice(0, NAMED).map((each) => `${each.label} ${formatCount(each.images)}`);
  const rest = counts.length - NAMED;
  return (
    <div>
      <div className={classes.strip} aria-hidden>
        {counts.map((each, index) => (
          <div
            key={each.label}
            className={classes.part}
            style={{ flexGrow: each.images, opacity: Math.max(0.25, 1 - index * 0.14) }}
            title={`${each.label}: ${formatCount(each.images)}`}
          />
        ))}
      </div>
      <Text size="sm" c="dimmed" mt={6} className="figures" style={{ overflowWrap: 'anywhere' }}>
        {named.join(', ')}
        {rest > 0 && ` and ${formatCount(rest)} more`}
      </Text>
    </div>
  );
}
