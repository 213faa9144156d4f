// What the chosen settings would cost, measured or said to be unknown.
import { Alert, Button, Collapse, Stack, Text } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { IconAlertTriangle, IconChevronDown, IconStopwatch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { MeasuredCost, TrainingForm } from '@/client/records';
import { Refused } from '@/components/states';
import { SettingsList } from '@/components/SettingsList';
import { formatCount } from '@/lib/format';
import { costQuery, isSame, placeOf, rangeOf, roughly, type Measuring } from './cost';

const TYPING_MS = 400;

interface CostOfRunProps {
  body: TrainingForm;
  measuring: Measuring;
}

export function CostOfRun({ body, measuring }: CostOfRunProps) {
  const asked = JSON.stringify(body);
  // While somebody types, the server is not asked for every digit.
  const [settled] = useDebouncedValue(asked, TYPING_MS);
  const { data } = useQuery(costQuery(JSON.parse(settled) as TrainingForm));
  const cost = settled === asked ? data : undefined;
  const isUnderWay = isSame(measuring.underWay, body);
  return (
    <Stack gap="xs" aria-live="polite">
      {cost ? (
        <Measured cost={cost} />
      ) : (
        <>
          <Text size="sm">
            {isUnderWay
              ? 'Measuring by a trial of a few real steps…'
              : 'How long this takes here has not been measured yet.'}
          </Text>
          <Button
            variant="default"
            loading={isUnderWay}
            disabled={body.dataset_name === '' || measuring.underWay !== null}
            leftSection={<IconStopwatch size={18} aria-hidden />}
            onClick={() => void measuring.measure([body])}
          >
            Measure the cost
          </Button>
        </>
      )}
      {measuring.error !== null && <Refused error={measuring.error} title="Not measured" />}
    </Stack>
  );
}

function Measured({ cost }: { cost: MeasuredCost }) {
  const [opened, { toggle }] = useDisclosure(false);
  return (
    <Stack gap={6}>
      <Text size="xl" fw={620} className="figures" lh={1.2}>
        About {roughly(cost.seconds)}
      </Text>
      <Text size="sm" c="dimmed" className="figures">
        {rangeOf(cost)}, by the fastest and slowest steps of a trial. {placeOf(cost)}
      </Text>
      <Text size="sm" c="dimmed">
        On top, not measured: {cost.not_measured.join('; ')}.
      </Text>
      {cost.beside_running_jobs > 0 && (
        <Text size="sm" c="var(--warn-ink)">
          Measured beside a running training, so slower than it will be.
        </Text>
      )}
      {cost.warnings.map((warning) => (
        <Alert key={warning} color="orange" icon={<IconAlertTriangle aria-hidden />} p="sm">
          {warning}
        </Alert>
      ))}
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        px={4}
        style={{ alignSelf: 'flex-start' }}
        aria-expanded={opened}
        rightSection={
          <IconChevronDown
            size={14}
            aria-hidden
            style={{ transform: opened ? 'rotate(180deg)' : undefined }}
          />
        }
        onClick={toggle}
      >
        What takes how long
      </Button>
      <Collapse expanded={opened}>
        <SettingsList settings={cost.parts.map(partOf)} />
      </Collapse>
    </Stack>
  );
}

function partOf({ work, amount, seconds }: MeasuredCost['parts'][number]): [string, string] {
  const name = work.charAt(0).toUpperCase() + work.slice(1);
  const images = amount > 1 ? ` (${formatCount(amount)} images)` : '';
  return [`${name}${images}`, seconds < 1 ? 'under 1 s' : roughly(seconds)];
}
