// One image with what the model says of it: every class, and what the threshold makes of it.
import { Badge, Group, Loader, Stack, Text } from '@mantine/core';
import type { Malignancy, Prediction } from '@/client/records';
import { Bar } from '@/components/Bar';
import { Panel } from '@/components/Panel';
import { Refused } from '@/components/states';
import { formatProbability, formatShare } from '@/lib/format';
import type { Asked } from './asking';
import classes from './AnswerCard.module.css';

/** Classes that are shown at once; the rest is one press away. */
const AT_FIRST = 4;

export function AnswerCard({ asked: { file, picture, state, answer, error } }: { asked: Asked }) {
  return (
    <Panel className={classes.card}>
      <img src={picture} alt={`The image ${file.name}`} className={classes.picture} />
      <Stack
        gap="sm"
        className={classes.words}
        role="group"
        aria-label={`The answer for ${file.name}`}
        aria-live="polite"
      >
        <Text fw={620} className={classes.name}>
          {file.name}
        </Text>
        {(state === 'waiting' || state === 'asking') && (
          <Group gap="sm" role="status">
            <Loader size={18} aria-hidden />
            <Text c="dimmed">{state === 'asking' ? 'Looking at the image…' : 'Waiting…'}</Text>
          </Group>
        )}
        {state === 'refused' && <Refused error={error} />}
        {answer && <Answered answer={answer} />}
      </Stack>
    </Panel>
  );
}

function Answered({ answer: { malignancy, probabilities } }: { answer: Prediction }) {
  const bar = ({ label, probability }: Prediction['probabilities'][number], index: number) => (
    <Bar
      key={label}
      label={label}
      share={probability}
      figure={formatProbability(probability)}
      strong={index === 0}
    />
  );
  const rest = probabilities.slice(AT_FIRST);
  return (
    <>
      {malignancy && <Verdict malignancy={malignancy} />}
      {probabilities.slice(0, AT_FIRST).map(bar)}
      {rest.length > 0 && (
        <details className={classes.rest}>
          <summary>{rest.length === 1 ? 'One more class' : `${rest.length} more classes`}</summary>
          <Stack gap="sm" mt="sm">
            {rest.map((each) => bar(each, AT_FIRST))}
          </Stack>
        </details>
      )}
    </>
  );
}

function Verdict({ malignancy }: { malignancy: Malignancy }) {
  const { score, threshold, suspicious, classes: malignant, sensitivity } = malignancy;
  return (
    <div>
      <Badge color={suspicious ? 'orange' : 'petrol'} variant="light" size="lg" tt="none">
        {suspicious ? 'Above the threshold' : 'Below the threshold'}
      </Badge>
      <Text size="sm" c="dimmed" mt={4} className="figures">
        {malignant.join(' + ')}: {formatProbability(score)}, threshold{' '}
        {formatProbability(threshold)}
        {sensitivity !== null &&
          `, which found ${formatShare(sensitivity)} of the malignant images of the test part`}
      </Text>
    </div>
  );
}
