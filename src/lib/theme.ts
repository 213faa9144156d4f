// The look, once: colours, type, radii and the defaults of every control.
import { createTheme, type MantineColorsTuple } from '@mantine/core';

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

// Greys with a little green in them, so that dark mode belongs to the same house.
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

export const theme = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 7, dark: 6 },
  colors: { petrol, dark },
  defaultRadius: 'md',
  cursorType: 'pointer',
  autoContrast: true,
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: '620', textWrap: 'balance' },
  components: {
    Button: { defaultProps: { radius: 'md' } },
    Alert: { defaultProps: { radius: 'md' } },
    Modal: { defaultProps: { centered: true, radius: 'lg' } },
    Tooltip: { defaultProps: { withArrow: true } },
  },
});
