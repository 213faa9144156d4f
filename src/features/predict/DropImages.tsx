// Where images are dropped, chosen or pasted. Nothing of them is kept on the server.
import { Button, Stack, Text } from '@mantine/core';
import { IconClipboard, IconPhotoScan } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import classes from './DropImages.module.css';

interface DropImagesProps {
  onImages: (images: File[]) => void;
}

export function DropImages({ onImages }: DropImagesProps) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (images: File[]) => {
    if (images.length > 0) onImages(images);
  };
  usePasted(take);
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
        take(imagesOf(event.dataTransfer));
      }}
    >
      <IconPhotoScan size={34} stroke={1.3} aria-hidden className={classes.sign} />
      <Stack gap={8} align="center">
        <Text size="sm" c="dimmed" className={classes.hint}>
          Drop images here, choose them, or paste them <IconClipboard size={14} aria-hidden />
        </Text>
        <Button variant="default" onClick={() => input.current?.click()}>
          Choose images
        </Button>
      </Stack>
      <input
        ref={input}
        type="file"
        accept="image/*"
        multiple
        hidden
        aria-label="Choose images"
        onChange={(event) => {
          take([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    </div>
  );
}

/** The images in what was dropped or pasted. */
function imagesOf(transfer: DataTransfer): File[] {
  return [...transfer.files].filter((file) => file.type.startsWith('image/'));
}

/** Images pasted anywhere on the page. */
function usePasted(take: (images: File[]) => void) {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (event.clipboardData) latest.current(imagesOf(event.clipboardData));
    };
    window.addEventListener('paste', paste);
    return () => window.removeEventListener('paste', paste);
  }, []);
}
