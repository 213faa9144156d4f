// What is sought: class, fact, site, sex, age, a piece of an id. Each change is in the address.
// What is typed leads and the address follows, so a new `key` is needed to take it back.
import { Button, Group, NumberInput, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ImageChoice } from '@/client/records';
import { formatCount } from '@/lib/format';
import { KIND } from '../facts/kinds';
import type { Moment } from '../facts/queries';
import { choicesQuery } from './queries';
import { FACTS_TO_SEEK, isAnything, type Sought } from './sought';
import classes from './SeekImages.module.css';

interface SeekImagesProps {
  dataset: Moment;
  sought: Sought;
  onSeek: (sought: Sought) => void;
  onShowAll: () => void;
}

const TYPING_MS = 250;

export function SeekImages({ dataset, sought, onSeek, onShowAll }: SeekImagesProps) {
  const choices = useQuery(choicesQuery(dataset)).data;
  const seek = (change: Sought) => onSeek({ ...sought, ...change });
  return (
    <search className={classes.fields}>
      <OneOf
        name="Diagnosis"
        all="All diagnoses"
        choices={choices?.labels}
        value={sought.label}
        onChange={(label) => seek({ label })}
      />
      <Select
        label="What was found"
        placeholder="Anything"
        data={FACTS_TO_SEEK.map((kind) => ({ value: kind, label: nameOf(kind) }))}
        value={sought.fact ?? null}
        onChange={(fact) => seek({ fact: fact ?? undefined })}
        clearable
        maxDropdownHeight={420}
      />
      <OneOf
        name="Body site"
        all="All sites"
        choices={choices?.sites}
        value={sought.site}
        onChange={(site) => seek({ site })}
      />
      <OneOf
        name="Sex"
        all="All"
        choices={choices?.sexes}
        value={sought.sex}
        onChange={(sex) => seek({ sex })}
      />
      {(choices?.ages != null || sought.age_from !== undefined || sought.age_to !== undefined) && (
        <Ages sought={sought} onChange={seek} />
      )}
      <IdField text={sought.text} onChange={(text) => seek({ text })} />
      {isAnything(sought) && (
        <Button
          variant="subtle"
          className={classes.clear}
          leftSection={<IconX size={16} aria-hidden />}
          onClick={onShowAll}
        >
          Show all images
        </Button>
      )}
    </search>
  );
}

const nameOf = (kind: (typeof FACTS_TO_SEEK)[number]) => {
  const { name, note } = KIND[kind];
  return kind.endsWith('labelled_apart') ? `${name}, named differently` : `${name}: ${note}`;
};

interface OneOfProps {
  name: string;
  all: string;
  choices: ImageChoice[] | undefined;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

function OneOf({ name, all, choices = [], value, onChange }: OneOfProps) {
  if (choices.length === 0 && value === undefined) return null;
  const known = choices.map((each) => ({
    value: each.value,
    label: `${each.value} (${formatCount(each.images)})`,
  }));
  const gone = value !== undefined && !choices.some((each) => each.value === value);
  return (
    <Select
      label={name}
      placeholder={all}
      data={gone ? [...known, { value, label: `${value} (0)` }] : known}
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      clearable
      searchable={choices.length > 8}
      maxDropdownHeight={420}
    />
  );
}

function Ages({ sought, onChange }: { sought: Sought; onChange: (change: Sought) => void }) {
  return (
    <Group gap="xs" grow wrap="nowrap">
      <AgeField
        name="Age from"
        age={sought.age_from}
        onChange={(age_from) => onChange({ age_from })}
      />
      <AgeField name="to" age={sought.age_to} onChange={(age_to) => onChange({ age_to })} />
    </Group>
  );
}

interface AgeFieldProps {
  name: string;
  age: number | undefined;
  onChange: (age: number | undefined) => void;
}

function AgeField({ name, age, onChange }: AgeFieldProps) {
  const later = useDebouncedCallback(onChange, TYPING_MS);
  return (
    <NumberInput
      label={name}
      placeholder="any"
      min={0}
      max={150}
      allowDecimal={false}
      defaultValue={age}
      onChange={(value) => later(value === '' ? undefined : Number(value))}
    />
  );
}

interface IdFieldProps {
  text: string | undefined;
  onChange: (text: string | undefined) => void;
}

function IdField({ text, onChange }: IdFieldProps) {
  const [typed, setTyped] = useState(text ?? '');
  const later = useDebouncedCallback((now: string) => onChange(now.trim() || undefined), {
    delay: TYPING_MS,
    flushOnUnmount: false,
  });
  return (
    <TextInput
      label="Id"
      placeholder="image, lesion, patient"
      leftSection={<IconSearch size={16} aria-hidden />}
      value={typed}
      maxLength={200}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        later(event.currentTarget.value);
      }}
    />
  );
}
