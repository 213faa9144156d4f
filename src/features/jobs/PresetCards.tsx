// The presets as cards to choose from, each with what it would cost here.
import { Badge, Button, Group, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconStopwatch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import type { PresetOption, TrainingForm } from '@/client/records';
import { costQuery, isSame, roughly, type Measuring } from './cost';
import classes from './PresetCards.module.css';

interface PresetCardsProps {
  presets: PresetOption[];
  /** The one that the form's values are; undefined = custom. */
  chosen: PresetOption | undefined;
  onPick: (preset: PresetOption) => void;
  /** The request that a preset would make, as far as it decides the cost. */
  bodyOf: (preset: PresetOption) => TrainingForm;
  measuring: Measuring;
}

export function PresetCards(props: PresetCardsProps) {
  const { presets, chosen, onPick, bodyOf, measuring } = props;
  const pick = (name: string) => {
    const preset = presets.find((each) => each.name === name);
    if (preset) onPick(preset);
  };
  return (
    <Radio.Group
      value={chosen?.name ?? ''}
      onChange={pick}
      label={
        <Group gap="xs">
          Preset
          {chosen === undefined && <Badge variant="light">Custom</Badge>}
        </Group>
      }
    >
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm" mt="xs">
        {presets.map((preset) => (
          <PresetCard
            key={preset.name}
            preset={preset}
            body={bodyOf(preset)}
            measuring={measuring}
          />
        ))}
      </SimpleGrid>
      <MeasureAll bodies={presets.map(bodyOf)} measuring={measuring} />
    </Radio.Group>
  );
}

interface PresetCardProps {
  preset: PresetOption;
  body: TrainingForm;
  measuring: Measuring;
}

function PresetCard({ preset, body, measuring }: PresetCardProps) {
  const id = useId();
  return (
    <Radio.Card
      value={preset.name}
      className={classes.card}
      aria-label={preset.title}
      aria-describedby={`${id}-sentence ${id}-cost`}
    >
      <Stack gap={6} h="100%">
        <Group gap="xs" wrap="nowrap">
          <Radio.Indicator size="xs" />
          <Text fw={620}>{preset.title}</Text>
        </Group>
        <Text id={`${id}-sentence`} size="sm" c="dimmed" style={{ textWrap: 'pretty' }}>
          {preset.sentence}
        </Text>
        <CostOfPreset id={`${id}-cost`} body={body} measuring={measuring} />
      </Stack>
    </Radio.Card>
  );
}

interface CostOfPresetProps {
  id: string;
  body: TrainingForm;
  measuring: Measuring;
}

function CostOfPreset({ id, body, measuring }: CostOfPresetProps) {
  const { data: cost } = useQuery(costQuery(body));
  const isMeasured = cost !== undefined && cost !== null;
  const words = isSame(measuring.underWay, body)
    ? 'measuring…'
    : isMeasured
      ? `about ${roughly(cost.seconds)}`
      : 'not measured yet';
  return (
    <Text
      id={id}
      size="sm"
      mt="auto"
      pt={4}
      className="figures"
      fw={isMeasured ? 600 : undefined}
      c={isMeasured ? undefined : 'dimmed'}
    >
      {words}
    </Text>
  );
}

function MeasureAll({ bodies, measuring }: { bodies: TrainingForm[]; measuring: Measuring }) {
  const isUnderWay = measuring.underWay !== null;
  const hasDataset = bodies.every((body) => body.dataset_name !== '');
  return (
    <Group gap="sm" mt="sm">
      <Button
        variant="default"
        size="compact-sm"
        disabled={!hasDataset || isUnderWay}
        leftSection={<IconStopwatch size={16} aria-hidden />}
        onClick={() => void measuring.measure(bodies)}
      >
        Measure all three
      </Button>
      <Text size="sm" c="dimmed">
        {hasDataset
          ? 'By a trial of a few real steps on this server, up to a minute.'
          : 'Choose a dataset to see what each would cost.'}
      </Text>
    </Group>
  );
}
