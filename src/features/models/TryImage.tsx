// One image in, the probabilities out: dropped, chosen or pasted. Nothing of it is kept.
import { Button, Group, Loader, Stack, Text } from '@mantine/core';
import { IconClipboard, IconPhotoScan } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Prediction } from '@/client/records';
import { Bar } from '@/components/Bar';
import { Panel } from '@/components/Panel';
import { Refused } from '@/components/states';
import { formatProbability } from '@/lib/format';
import { imageOf, predict } from './predict';
import classes from './TryImage.module.css';

export function TryImage({ model }: { model: string }) {
  const [picture, setPicture] = useState<string | null>(null);
  const asking = useMutation({ mutationFn: (image: File) => predict(model, image) });
  const { mutate } = asking;

  const take = (image: File | null) => {
    if (image === null) return;
    setPicture(URL.createObjectURL(image));
    mutate(image);
  };
  usePasted(take);
  useReleased(picture);

  return (
    <Panel title="Try one image">
      <Stack>
        <ImageBox picture={picture} onImage={take} />
        {asking.isPending && (
          <Group gap="sm" role="status">
            <Loader size={18} aria-hidden />
            <Text c="dimmed">Looking at the image…</Text>
          </Group>
        )}
        {asking.isError && <Refused error={asking.error} />}
        {asking.isSuccess && <Probabilities prediction={asking.data} />}
      </Stack>
    </Panel>
  );
}

interface ImageBoxProps {
  picture: string | null;
  onImage: (image: File | null) => void;
}

function ImageBox({ picture, onImage }: ImageBoxProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      className={classes.box}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onImage(imageOf(event.dataTransfer));
      }}
    >
      {picture === null ? (
        <IconPhotoScan size={34} stroke={1.3} aria-hidden className={classes.sign} />
      ) : (
        <img src={picture} alt="The image that was given" className={classes.picture} />
      )}
      <Stack gap={8} align={picture === null ? 'center' : 'flex-start'}>
        <Text size="sm" c="dimmed" className={classes.hint}>
          Drop an image here, choose one, or paste it <IconClipboard size={14} aria-hidden />
        </Text>
        <Button variant="default" onClick={() => input.current?.click()}>
          {picture === null ? 'Choose an image' : 'Choose another one'}
        </Button>
      </Stack>
      <input
        ref={input}
        type="file"
        accept="image/jpeg,image/png"
        hidden
        aria-label="Choose an image"
        onChange={(event) => {
          onImage(event.currentTarget.files?.[0] ?? null);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}

function Probabilities({ prediction }: { prediction: Prediction }) {
  return (
    <Stack gap="md" role="status" aria-live="polite">
      {prediction.probabilities.map(({ label, probability }, index) => (
        <Bar
          key={label}
          label={label}
          share={probability}
          figure={formatProbability(probability)}
          strong={index === 0}
        />
      ))}
      <Text size="sm" c="var(--warn-ink)">
        {prediction.notice}
      </Text>
    </Stack>
  );
}

/** Images pasted anywhere on the page. */
function usePasted(take: (image: File | null) => void) {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (event.clipboardData) latest.current(imageOf(event.clipboardData));
    };
    window.addEventListener('paste', paste);
    return () => window.removeEventListener('paste', paste);
  }, []);
}

/** Gives the memory of the last picture back. */
function useReleased(picture: string | null) {
  useEffect(() => {
    if (picture === null) return;
    return () => URL.revokeObjectURL(picture);
  }, [picture]);
}
