// One horizontal bar with its name and its figure: class counts, probabilities.
import { Anchor, Box, Group, Text } from '@mantine/core';
import classes from './Bar.module.css';

interface BarProps {
  label: string;
  /** Length as a share of the track, 0–1. */
  share: number;
  figure: string;
  strong?: boolean;
  /** Opens what is behind the figure. */
  onOpen?: () => void;
}

export function Bar({ label, share, figure, strong = false, onOpen }: BarProps) {
  const width = `${(Math.min(1, Math.max(0, share)) * 100).toFixed(2)}%`;
  return (
    <Box>
      <Group justify="space-between" gap="md" wrap="nowrap" mb={4}>
        <Text size="sm" fw={strong ? 650 : 500} style={{ overflowWrap: 'anywhere' }}>
          {label}
        </Text>
        {onOpen ? (
          <Anchor
            component="button"
            type="button"
            size="sm"
            className={classes.figure}
            aria-label={`${figure} of ${label}: show them`}
            onClick={onOpen}
          >
            {figure}
          </Anchor>
        ) : (
          <Text size="sm" c={strong ? undefined : 'dimmed'} className={classes.figure}>
            {figure}
          </Text>
        )}
      </Group>
      <div className={classes.track} aria-hidden>
        <div className={classes.fill} style={{ width }} />
      </div>
    </Box>
  );
}
