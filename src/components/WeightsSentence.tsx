// What a run starts from, in the server's words; loud when it is random.
import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { saysRandom } from '@/lib/weights';

interface WeightsSentenceProps {
  sentence: string;
  /** Whether the start is random; where only the sentence is known, it tells. */
  random?: boolean;
}

export function WeightsSentence({ sentence, random = saysRandom(sentence) }: WeightsSentenceProps) {
  if (!random) {
    return (
      <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {sentence}
      </Text>
    );
  }
  return (
    <Alert
      color="orange"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      role="note"
      style={{ overflowWrap: 'anywhere' }}
    >
      {sentence}
    </Alert>
  );
}
