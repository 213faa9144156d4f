// "Start Training": the document's form with its defaults, and what it will start from.
import { IconPhotoPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { datasetsQuery, presetsQuery, trainingOptionsQuery } from '@/client/queries';
import { LinkButton } from '@/components/links';
import { Page } from '@/components/Page';
import { Empty, Loaded } from '@/components/states';
import { TrainingFormPanel } from './TrainingFormPanel';

const route = getRouteApi('/train');

export function StartTrainingPage() {
  const { dataset } = route.useSearch();
  const datasets = useQuery(datasetsQuery);
  const options = useQuery(trainingOptionsQuery);
  const presets = useQuery(presetsQuery);
  return (
    <Page
      title="Start Training"
      lead="One run teaches one network. The lesions are split 70 / 20 / 10 into training, validation and test; the test part is scored once, at the end."
    >
      <Loaded query={datasets} label="Reading the datasets">
        {(known) =>
          known.some((each) => each.trainable) ? (
            <Loaded query={options} label="Reading the options" lines={7}>
              {(offered) => (
                <Loaded query={presets} label="Reading the presets" lines={7}>
                  {(named) => (
                    <TrainingFormPanel
                      options={offered}
                      presets={named}
                      datasets={known}
                      dataset={dataset ?? ''}
                    />
                  )}
                </Loaded>
              )}
            </Loaded>
          ) : (
            <NothingToTrainOn none={known.length === 0} />
          )
        }
      </Loaded>
    </Page>
  );
}

function NothingToTrainOn({ none }: { none: boolean }) {
  return (
    <Empty
      icon={<IconPhotoPlus size={28} aria-hidden />}
      title={none ? 'No datasets yet' : 'No dataset can be trained on yet'}
      actions={<LinkButton to="/datasets">Go to the datasets</LinkButton>}
    >
      {none
        ? 'A network learns from images with diagnoses. Upload a dataset first, or draw the sample set.'
        : 'The page of each dataset says what is missing.'}
    </Empty>
  );
}
