// The look, once: colours, type, radii and the defaults of every control.
import { Alert, Badge, createTheme, type MantineColorsTuple } from '@mantine/core';

const petrol: MantineColorsTuple = [
  '#e9f5f4',
  '#d5e9e7',
  '#aad3cf',
  '#7bbcb6',
  '#53a8a1',
  '#349891',
  '#1f8880',
  '#13746d',
  '#0f5f5c',
  '#0a4a47',
];

// Greys with a little green in them, so that both schemes belong to the same house.
const gray: MantineColorsTuple = [
  '#f5f7f5',
  '#edf0ee',
  '#e2e7e4',
  '#d3dad6',
  '#b9c2be',
  '#97a29d',
  '#74807b',
  '#525e59',
  '#38423f',
  '#1f2826',
];

const dark: MantineColorsTuple = [
  '#e3e8e6',
  '#c3cbc8',
  '#97a29e',
  '#6b7773',
  '#3b4643',
  '#2c3533',
  '#222a28',
  '#1a201f',
  '#131817',
  '#0d1110',
];

/** A quiet ground of the colour and letters that can be read on it, in both schemes. */
function tinted(part: 'alert' | 'badge', color = 'petrol') {
  const shade = (step: number) => `var(--mantine-color-${color}-${step})`;
  return {
    root: {
      [`--${part}-bg`]: `color-mix(in srgb, ${shade(5)} 16%, var(--surface))`,
      [`--${part}-color`]: `light-dark(color-mix(in srgb, ${shade(9)} 80%, black), ${shade(3)})`,
    },
  };
}

// Help below the field keeps the fields of a row in line, however long the help is.
const HELP_BELOW = ['label', 'input', 'error', 'description'];

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: 7,
  colors: { petrol, gray, dark },
  defaultRadius: 'md',
  cursorType: 'pointer',
  autoContrast: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: '620', textWrap: 'balance' },
  components: {
    Button: { defaultProps: { radius: 'md' } },
    TextInput: { defaultProps: { inputWrapperOrder: HELP_BELOW } },
    NumberInput: { defaultProps: { inputWrapperOrder: HELP_BELOW } },
    PasswordInput: { defaultProps: { inputWrapperOrder: HELP_BELOW } },
    Select: { defaultProps: { inputWrapperOrder: HELP_BELOW } },
    Alert: Alert.extend({
      defaultProps: { radius: 'md' },
      vars: (_theme, { color }) => tinted('alert', color),
    }),
    Badge: Badge.extend({ vars: (_theme, { color }) => tinted('badge', color) }),
    Modal: { defaultProps: { centered: true, radius: 'lg' } },
    // what scrolls can be scrolled with the keys, too
    TableScrollContainer: {
      defaultProps: { scrollAreaProps: { viewportProps: { tabIndex: 0 } } },
    },
    Tooltip: { defaultProps: { withArrow: true } },
  },
});
