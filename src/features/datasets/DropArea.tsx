// Where images are dropped or chosen: files, whole folders, archives.
import { Button, Group, Stack, Text } from '@mantine/core';
import { IconCloudUpload, IconFiles, IconFolder } from '@tabler/icons-react';
import { useRef, useState, type DragEvent, type ReactNode } from 'react';
import { filesOfDrop, filesOfInput, type PickedFile } from './pickedFiles';
import classes from './DropArea.module.css';

const ENDINGS = '.jpg,.jpeg,.png,.bmp,.tif,.tiff,.webp,.dcm,.csv,.zip,.tar,.tgz,.tar.gz,.gz';

export function DropArea({ onPick }: { onPick: (picked: PickedFile[]) => void }) {
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void filesOfDrop(event.dataTransfer).then(onPick);
  };
  return (
    <div
      className={classes.area}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Stack align="center" gap="xs">
        <IconCloudUpload size={36} stroke={1.4} aria-hidden className={classes.cloud} />
        <Text fw={560} ta="center">
          Drop images, a folder or an archive here
        </Text>
        <Text size="sm" c="dimmed" ta="center">
          JPEG, PNG, BMP, TIFF or WebP, with a CSV table or one folder per class. ZIP, TAR and TGZ
          are unpacked.
        </Text>
        <Group justify="center" mt="xs" gap="sm">
          <Chooser
            icon={<IconFolder size={18} aria-hidden />}
            label="Choose a folder"
            folder
            onPick={onPick}
          />
          <Chooser
            icon={<IconFiles size={18} aria-hidden />}
            label="Choose files"
            onPick={onPick}
          />
        </Group>
      </Stack>
    </div>
  );
}

interface ChooserProps {
  label: string;
  icon: ReactNode;
  folder?: boolean;
  onPick: (picked: PickedFile[]) => void;
}

function Chooser({ label, icon, folder = false, onPick }: ChooserProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button variant="default" leftSection={icon} onClick={() => input.current?.click()}>
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        accept={folder ? undefined : ENDINGS}
        {...(folder ? { webkitdirectory: '' } : {})}
        onChange={(event) => {
          const picked = filesOfInput(Array.from(event.currentTarget.files ?? []));
          event.currentTarget.value = '';
          if (picked.length > 0) onPick(picked);
        }}
      />
    </>
  );
}
