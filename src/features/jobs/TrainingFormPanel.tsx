// The form itself: its state, its checks, and the start.
import { Box, Button, Collapse, Divider, Group, Stack, Text } from '@mantine/core';
import { IconChevronDown, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type SubmitEvent } from 'react';
import { answerOf, client } from '@/client/client';
import { jobsQuery } from '@/client/queries';
import { Refusal } from '@/client/refusal';
import type { DatasetListed, PresetOption, TrainingForm, TrainingOptions } from '@/client/records';
import { Panel } from '@/components/Panel';
import { Refused } from '@/components/states';
import { WeightsSentence } from '@/components/WeightsSentence';
import { useMeasuring } from './cost';
import { CostOfRun } from './CostOfRun';
import { PresetCards } from './PresetCards';
import { changed, costBody, picked, presetOf } from './presets';
import { AdvancedFields, MainFields } from './TrainingFields';
import {
  bodyOf,
  problemsOf,
  startingValues,
  startSentence,
  type FieldName,
  type FieldProblems,
  type FormValues,
} from './trainingForm';
import classes from './TrainingForm.module.css';

const ADVANCED: FieldName[] = ['fine_tune_epochs', 'weights', 'image_size', 'views', 'seed'];

interface TrainingFormPanelProps {
  options: TrainingOptions;
  presets: PresetOption[];
  datasets: DatasetListed[];
  /** Chosen by the address; empty = none. */
  dataset: string;
}

export function TrainingFormPanel(props: TrainingFormPanelProps) {
  const { options, presets, datasets, dataset } = props;
  const trainable = datasets.filter((each) => each.trainable);
  const [first] = trainable;
  const asked = trainable.find((each) => each.name === dataset);
  const only = trainable.length === 1 ? first : undefined;
  const [values, setValues] = useState<FormValues>(() =>
    startingValues(options, (asked ?? only)?.name ?? ''),
  );
  // What was chosen by hand, for when a preset that suggested another is left again.
  const [own, setOwn] = useState(values.architecture);
  const [tried, setTried] = useState(false);
  const [advanced, setAdvanced] = useState(false);
  const start = useStart();
  const measuring = useMeasuring();

  const found = problemsOf(values, options.limits);
  const problems: FieldProblems = { ...(tried ? found : {}), ...refusedField(start.error) };
  const change = <F extends FieldName>(field: F, value: FormValues[F]) => {
    if (field === 'architecture') setOwn(String(value));
    setValues((before) => changed(before, field, value, presets, options));
  };
  const costOf = (chosen: FormValues): TrainingForm => costBody(bodyOf(chosen), options);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (ADVANCED.some((field) => found[field] !== undefined)) setAdvanced(true);
    if (Object.keys(found).length === 0) start.mutate(bodyOf(values));
  };

  const sentence = startSentence(values, options);
  const fields = { values, problems, options, change };
  return (
    <form onSubmit={submit} noValidate>
      <div className={classes.columns}>
        <Panel>
          <PresetCards
            presets={presets}
            chosen={presetOf(values, presets, options)}
            onPick={(preset) => setValues(picked(preset, values, own, options))}
            bodyOf={(preset) => costOf(picked(preset, values, own, options))}
            measuring={measuring}
          />
          <Divider my="lg" />
          <MainFields {...fields} datasets={datasets} />
          <Button
            mt="lg"
            variant="subtle"
            color="gray"
            px="xs"
            aria-expanded={advanced}
            rightSection={
              <IconChevronDown
                size={16}
                aria-hidden
                style={{ transform: advanced ? 'rotate(180deg)' : undefined }}
              />
            }
            onClick={() => setAdvanced((open) => !open)}
          >
            Advanced
          </Button>
          <Collapse expanded={advanced}>
            <Box mt="md">
              <AdvancedFields {...fields} />
            </Box>
          </Collapse>
        </Panel>
        <Panel title="Before it starts" className={classes.aside}>
          <Stack>
            {sentence && <WeightsSentence sentence={sentence.text} random={sentence.random} />}
            <Text size="sm" c="dimmed">
              Trains on: {options.device}.
            </Text>
            {Object.keys(found).length === 0 && (
              <CostOfRun body={costOf(values)} measuring={measuring} />
            )}
            {start.isError && <Refused error={start.error} title="Not started" />}
            {tried && Object.keys(found).length > 0 && (
              <Text size="sm" c="var(--mantine-color-error)" role="alert">
                Mend the marked fields first.
              </Text>
            )}
            <Group>
              <Button
                type="submit"
                size="md"
                fullWidth
                loading={start.isPending}
                leftSection={<IconPlayerPlay size={18} aria-hidden />}
              >
                Start Training
              </Button>
            </Group>
          </Stack>
        </Panel>
      </div>
    </form>
  );
}

function useStart() {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: ReturnType<typeof bodyOf>) =>
      answerOf(client.POST('/api/start-training', { body })),
    onSuccess: async (started) => {
      void queryClient.invalidateQueries({ queryKey: jobsQuery.queryKey, exact: true });
      await navigate({ to: '/jobs/$id', params: { id: started.job_id } });
    },
  });
}

function refusedField(error: unknown): FieldProblems {
  if (!(error instanceof Refusal) || error.field === null) return {};
  return { [error.field]: error.message };
}
