// A number with its name; where it counts something, it opens the images behind it.
import { Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import classes from './NumberRow.module.css';

interface NumberRowProps {
  name: string;
  note?: string;
  /** "12 images"; null = none. */
  count: string | null;
  /** Something to settle, where there are any. */
  grave?: boolean;
  onOpen: () => void;
}

export function NumberRow({ name, note, count, grave = false, onOpen }: NumberRowProps) {
  const words = (
    <>
      <span className={classes.words}>
        <Text span fw={540}>
          {name}
        </Text>
        {note !== undefined && (
          <Text span size="sm" c="dimmed">
            {note}
          </Text>
        )}
      </span>
      <Text span className={classes.count} c={count === null ? 'dimmed' : undefined}>
        {count ?? 'none'}
      </Text>
    </>
  );
  if (count === null) return <div className={classes.row}>{words}</div>;
  return (
    <UnstyledButton
      className={`${classes.row} ${classes.button}`}
      data-grave={grave || undefined}
      onClick={onOpen}
    >
      {words}
      <IconChevronRight size={18} className={classes.chevron} aria-hidden />
    </UnstyledButton>
  );
}
