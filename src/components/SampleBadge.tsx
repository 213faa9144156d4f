// Says wherever it matters that these pictures were drawn, not photographed.
import { Badge, Tooltip } from '@mantine/core';

export function SampleBadge() {
  return (
    <Tooltip label="Drawn by this program, for trying it only. It says nothing about real skin.">
      <Badge variant="light" color="grape" tt="none">
        drawn sample
      </Badge>
    </Tooltip>
  );
}
