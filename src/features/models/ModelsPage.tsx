// All trained models with their headline figures beside the baseline.
import { Group, Select, Stack, Text } from '@mantine/core';
import { IconBrain, IconScale } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { modelsQuery } from '@/client/queries';
import type { ModelListed } from '@/client/records';
import { LinkButton } from '@/components/links';
import { Page } from '@/components/Page';
import { Empty, Loaded } from '@/components/states';
import { ModelTable } from './ModelTable';
import { ORDERS, shownModels, type Order } from './modelOrder';

const route = getRouteApi('/models');

export function ModelsPage() {
  const query = useQuery(modelsQuery);
  return (
    <Page
      title="Models"
      actions={
        (query.data?.filter((model) => model.has_report).length ?? 0) > 1 && (
          <LinkButton
            to="/compare"
            variant="default"
            leftSection={<IconScale size={18} aria-hidden />}
          >
            Compare
          </LinkButton>
        )
      }
      lead="Every figure was measured once, on lesions that the network never saw. The grey figure is what always answering the most common class would score."
    >
      <Loaded query={query} label="Reading the models">
        {(models) => (models.length === 0 ? <NoModels /> : <ModelList models={models} />)}
      </Loaded>
    </Page>
  );
}

function NoModels() {
  return (
    <Empty
      icon={<IconBrain size={28} aria-hidden />}
      title="No trained models yet"
      actions={<LinkButton to="/train">Start Training</LinkButton>}
    >
      A model appears here when its training is completed, with its test figures and its files.
    </Empty>
  );
}

function ModelList({ models }: { models: ModelListed[] }) {
  const { sort = 'newest', dataset } = route.useSearch();
  const navigate = route.useNavigate();
  const datasets = [...new Set(models.map((model) => model.dataset_name))].sort();
  const shown = shownModels(models, sort, dataset);
  return (
    <Stack>
      {models.length > 1 && (
        <Group align="flex-end">
          <Select
            label="Order"
            data={ORDERS}
            value={sort}
            allowDeselect={false}
            onChange={(value) =>
              void navigate({
                search: (before) => ({
                  ...before,
                  sort: value === 'newest' ? undefined : (value as Order),
                }),
                replace: true,
              })
            }
          />
          {datasets.length > 1 && (
            <Select
              label="Dataset"
              placeholder="All datasets"
              data={datasets}
              value={dataset ?? null}
              clearable
              onChange={(value) =>
                void navigate({
                  search: (before) => ({ ...before, dataset: value ?? undefined }),
                  replace: true,
                })
              }
            />
          )}
        </Group>
      )}
      {shown.length === 0 ? (
        <Text c="dimmed">No model was trained on {dataset}.</Text>
      ) : (
        <ModelTable models={shown} />
      )}
    </Stack>
  );
}
