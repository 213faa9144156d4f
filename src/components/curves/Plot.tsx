// One uPlot chart: drawn once, fed while the run goes on, redrawn when the colours change.
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { EpochPoint } from '@/client/records';
import { columnsOf, phaseBoundary, type Chart } from './curves';

const HEIGHT = 260;

interface PlotProps {
  chart: Chart;
  history: EpochPoint[];
  epochs: number;
  /** Tells which point the pointer is at; null = none. */
  onPoint: (index: number | null) => void;
}

export default function Plot({ chart, history, epochs, onPoint }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ history, onPoint });
  const scheme = useComputedColorScheme('light');

  useEffect(() => {
    latest.current = { history, onPoint };
    plot.current?.setData(columnsOf(chart, history));
  }, [chart, history, onPoint]);

  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    const drawn = new uPlot(
      optionsOf(chart, epochs, place, () => latest.current),
      columnsOf(chart, latest.current.history),
      place,
    );
    plot.current = drawn;
    const watcher = new ResizeObserver(() => {
      drawn.setSize({ width: place.clientWidth, height: HEIGHT });
    });
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [chart, epochs, scheme]);

  return <div ref={box} style={{ height: HEIGHT }} aria-hidden />;
}

type Latest = () => { history: EpochPoint[]; onPoint: PlotProps['onPoint'] };

function optionsOf(
  chart: Chart,
  epochs: number,
  place: HTMLElement,
  latest: Latest,
): uPlot.Options {
  const token = (name: string) => getComputedStyle(place).getPropertyValue(name).trim();
  const axis = {
    stroke: token('--ink-soft'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: [1, Math.max(2, epochs)] },
      y: chart.range
        ? { range: chart.range }
        : { range: { min: { soft: 0, mode: 1 }, max: { pad: 0.08 } } },
    },
    axes: [
      { ...axis, size: 30, incrs: [1, 2, 5, 10, 20, 50, 100, 200] },
      { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => axisText(chart, tick)) },
    ],
    series: [
      {},
      ...chart.lines.map((line) => ({
        label: line.name,
        stroke: token(line.colour),
        width: 2,
        dash: line.dashed ? [5, 5] : undefined,
        points: { show: latest().history.length < 3, size: 6, fill: token(line.colour) },
      })),
    ],
    hooks: {
      setCursor: [(drawn) => latest().onPoint(drawn.cursor.idx ?? null)],
      draw: [
        (drawn) =>
          drawBoundary(drawn, {
            at: phaseBoundary(latest().history),
            colour: token('--ink-soft'),
            halo: token('--surface'),
            below: chart.range !== undefined,
          }),
      ],
    },
  };
}

function axisText(chart: Chart, tick: number): string {
  return chart.range ? `${Math.round(tick * 100)} %` : String(Number(tick.toPrecision(3)));
}

interface Boundary {
  /** Epoch where it lies; null = there is none. */
  at: number | null;
  colour: string;
  /** Colour around the letters, that of the ground. */
  halo: string;
  below: boolean;
}

/** A dotted line where fine-tuning begins, with its name. */
function drawBoundary(drawn: uPlot, boundary: Boundary) {
  const { at, colour, halo, below } = boundary;
  if (at === null) return;
  const { ctx, bbox } = drawn;
  const x = Math.round(drawn.valToPos(at, 'x', true));
  const ratio = window.devicePixelRatio || 1;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  const text = 'fine-tuning';
  const room = bbox.left + bbox.width - x > ctx.measureText(text).width + 8 * ratio;
  ctx.textAlign = room ? 'left' : 'right';
  // Losses leave room above, accuracies below.
  const y = below ? bbox.top + bbox.height - 10 * ratio : bbox.top + 16 * ratio;
  ctx.setLineDash([]);
  ctx.lineWidth = 4 * ratio;
  ctx.strokeStyle = halo;
  ctx.strokeText(text, x + (room ? 5 : -5) * ratio, y);
  ctx.fillText(text, x + (room ? 5 : -5) * ratio, y);
  ctx.restore();
}
