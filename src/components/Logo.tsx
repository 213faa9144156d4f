// The sign and the name of the program.
import { Group, Text } from '@mantine/core';
import logo from '@/assets/logo.svg';

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <Group gap={10} wrap="nowrap">
      <img src={logo} width={size} height={size} alt="" />
      <Text fw={680} size="lg" style={{ letterSpacing: '-0.02em' }}>
        DermaScan
      </Text>
    </Group>
  );
}
