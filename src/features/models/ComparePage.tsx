// Which of two models is better: chosen on both sides, answered in one sentence.
import { MultiSelect, SimpleGrid, Stack } from '@mantine/core';
import { IconScale } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { comparisonQuery, modelsQuery } from '@/client/queries';
import type { ModelListed } from '@/client/records';
import { LinkButton, LinkText } from '@/components/links';
import { Page } from '@/components/Page';
import { Panel } from '@/components/Panel';
import { Empty, Loaded } from '@/components/states';
import { formatDateTime } from '@/lib/format';
import { ComparisonResult } from './ComparisonResult';

const route = getRouteApi('/compare');

export function ComparePage() {
  const query = useQuery(modelsQuery);
  return (
    <Page
      title="Compare models"
      above={<LinkText to="/models">Models</LinkText>}
      lead="Only on lesions that both sides were tested on and neither had seen."
    >
      <Loaded query={query} label="Reading the models">
        {(models) =>
          models.filter((model) => model.has_report).length < 2 ? (
            <TooFew />
          ) : (
            <Choice models={models} />
          )
        }
      </Loaded>
    </Page>
  );
}

function TooFew() {
  return (
    <Empty
      icon={<IconScale size={28} aria-hidden />}
      title="Nothing to compare yet"
      actions={<LinkButton to="/train">Start Training</LinkButton>}
    >
      Comparing takes two models with a report. Train both on the same dataset with the same seed,
      so that they are tested on the same lesions.
    </Empty>
  );
}

function Choice({ models }: { models: ModelListed[] }) {
  const { a = [], b = [] } = route.useSearch();
  const navigate = route.useNavigate();
  const comparing = useQuery(comparisonQuery(a, b));
  const choose = (side: 'a' | 'b') => (names: string[]) =>
    void navigate({ search: (before) => ({ ...before, [side]: names }), replace: true });
  return (
    <Stack gap="lg">
      <Panel>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Side name="A" models={models} value={a} onChange={choose('a')} />
          <Side name="B" models={models} value={b} onChange={choose('b')} />
        </SimpleGrid>
      </Panel>
      {a.length > 0 && b.length > 0 && (
        <Loaded query={comparing} label="Comparing the models" lines={6}>
          {(comparison) => <ComparisonResult comparison={comparison} />}
        </Loaded>
      )}
    </Stack>
  );
}

interface SideProps {
  name: 'A' | 'B';
  models: ModelListed[];
  value: string[];
  onChange: (names: string[]) => void;
}

function Side({ name, models, value, onChange }: SideProps) {
  return (
    <MultiSelect
      label={`Model ${name}`}
      description="Several only as one recipe with several seeds"
      inputWrapperOrder={['label', 'input', 'error', 'description']}
      placeholder={value.length === 0 ? 'Choose a model' : undefined}
      data={models.map((model) => ({
        value: model.name,
        label: titleOf(model),
        disabled: !model.has_report,
      }))}
      value={value}
      onChange={onChange}
      searchable
      clearable
      hidePickedOptions
      maxValues={20}
      styles={value.length > 0 ? { inputField: { minWidth: 24 } } : undefined}
    />
  );
}

function titleOf(model: ModelListed): string {
  const made = `${model.architecture} on ${model.dataset_name}, ${formatDateTime(model.created_at)}`;
  return model.has_report ? made : `${made} (no report)`;
}
