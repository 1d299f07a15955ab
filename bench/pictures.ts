// Three pictures of a run, as SVG: what an entry costs by the rate, how long a call takes by
// percentile, and what an entry costs until it is in a file as fast as it goes. A subject whose row
// does not count has no line.

import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import { init, use, type EChartsCoreOption } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { loads } from './measures/rates.ts'
import { isNoise, type Results, type Row } from './results.ts'
import { percentileName, percentilePoints, spreadOf } from './statistics.ts'
import { subjectNames, subjects, type SubjectName } from './subjects/catalog.ts'

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

const width = 960
/** Entries a turn, of the rates that are drawn. */
const turnEntries = 5
const font = 'system-ui, sans-serif'
/** Dark enough for a white page, light enough for a black one. */
const textColor = '#808080'
const lineColor = '#80808050'
/** Each subject has its colour in all runs: ours warm, limits grey. */
const oursColors = ['#d1495b', '#e08e45', '#8c2f39']
const barColor = '#5b84b1'
const rivalColors = [
  '#1f78b4',
  '#6baed6',
  '#12476b',
  '#33a02c',
  '#8fc97f',
  '#7b5aa6',
  '#b39ad1',
  '#16a3a3',
  '#b5651d',
  '#c2a83e',
  '#8a6d8f',
]
const limitColor = '#909090'

/** Processor time of an entry, all in, by the rate, both axes logarithmic. */
export function ratePicture(results: Results): string {
  const rows = soundRows(results, 'rates').filter((row) => !isNoise(row))
  const names = subjectsOf(rows)
  const series = names.map((name) => ({
    type: 'line' as const,
    name: titleOf(name),
    lineStyle: lineStyleOf(name),
    data: loads
      .filter(({ entries }) => entries === turnEntries)
      .flatMap(({ name: load, turnsPerS }) => {
        const us = medianOf(rows, name, `cpu_${load}_us`)
        // What is nothing has no place on a logarithmic axis.
        return us === undefined || !(us > 0) ? [] : [[turnsPerS * turnEntries, us]]
      }),
  }))
  return render(500, {
    color: names.map(colorOf),
    title: titleAs('Processor time of an entry by entries per second', conditionsOf(results)),
    legend: legendRight,
    grid: { top: 80, left: 60, right: 300, bottom: 50 },
    xAxis: {
      ...axisAs(`entries per second, ${turnEntries} a turn`),
      type: 'log',
      axisLabel: { ...labelStyle, formatter: (value: number) => value.toLocaleString('en') },
    },
    yAxis: {
      ...axisAs(''),
      type: 'log',
      axisLabel: { ...labelStyle, formatter: (value: number) => durationLabel(value * 1000) },
    },
    series,
  })
}

/** The time of one call by percentile, both axes logarithmic: the tail has the room it deserves. */
export function latencyPicture(results: Results): string {
  const rows = soundRows(results, 'tail')
  const names = subjectsOf(rows)
  // Without the maximum, which has no place on a logarithmic axis of percentiles.
  const series = names.map((name) => ({
    type: 'line' as const,
    name: titleOf(name),
    showSymbol: false,
    lineStyle: lineStyleOf(name),
    data: percentilePoints
      .filter((point) => point < 100)
      .flatMap((point) => {
        const ns = medianOf(rows, name, `${percentileName(point)}_ns`)
        return ns === undefined ? [] : [[100 / (100 - point), Math.max(ns, 1)]]
      }),
  }))
  return render(500, {
    color: names.map(colorOf),
    title: titleAs('Time of one log call by percentile, clock included', conditionsOf(results)),
    legend: legendRight,
    grid: { top: 80, left: 60, right: 300, bottom: 50 },
    xAxis: {
      ...axisAs('percentile'),
      type: 'log',
      min: 2,
      max: 10_000,
      axisLabel: { ...labelStyle, formatter: (value: number) => percentileLabel(value) },
    },
    yAxis: {
      ...axisAs(''),
      type: 'log',
      axisLabel: { ...labelStyle, formatter: (value: number) => durationLabel(value) },
    },
    series,
  })
}

/** Entries per second and processor time per entry until everything is in the files, best above. */
export function throughputPicture(results: Results): string {
  const rows = soundRows(results, 'disk').filter(
    ({ subject }) => subjects[subject].kind !== 'limit',
  )
  const rate = (name: SubjectName): number => medianOf(rows, name, 'entries_per_s') ?? 0
  // The lowest bar of a chart is the first of its data.
  const names = subjectsOf(rows).toSorted((a, b) => rate(a) - rate(b))
  const bars = (metric: string, axis: number, decimals: number) => ({
    type: 'bar' as const,
    xAxisIndex: axis,
    yAxisIndex: axis,
    label: {
      show: true,
      position: 'right' as const,
      color: textColor,
      fontFamily: font,
      formatter: ({ value }: { value: unknown }) =>
        Number(value).toLocaleString('en', { maximumFractionDigits: decimals }),
    },
    data: names.map((name) => ({
      value: medianOf(rows, name, metric) ?? 0,
      itemStyle: { color: subjects[name].kind === 'ours' ? colorOf(name) : barColor },
    })),
  })
  const categories = {
    type: 'category' as const,
    data: names.map(titleOf),
    axisLine: { lineStyle: { color: lineColor } },
    axisTick: { show: false },
  }
  return render(110 + names.length * 30, {
    title: titleAs('Until it is in the files', conditionsOf(results)),
    grid: [
      { top: 90, left: 250, width: 270, bottom: 20 },
      { top: 90, left: 610, width: 270, bottom: 20 },
    ],
    xAxis: [0, 1].map((index) => ({
      ...axisAs(index === 0 ? 'entries per second' : 'CPU µs per entry, all threads'),
      gridIndex: index,
      position: 'top',
      nameLocation: 'start',
      nameGap: 8,
      nameTextStyle: {
        ...labelStyle,
        align: 'left',
        verticalAlign: 'bottom',
        padding: [0, 0, 6, 0],
      },
      axisLabel: { show: false },
      splitLine: { show: false },
    })),
    yAxis: [
      { ...categories, gridIndex: 0, axisLabel: labelStyle },
      { ...categories, gridIndex: 1, axisLabel: { show: false } },
    ],
    series: [bars('entries_per_s', 0, 0), bars('entry_cpu_us', 1, 1)],
  })
}

/** A column: side by side, names would run into each other in a font wider than expected. */
const legendRight = {
  orient: 'vertical',
  top: 70,
  left: width - 270,
  icon: 'roundRect',
  itemWidth: 14,
  itemHeight: 4,
  textStyle: { color: textColor, fontFamily: font, fontSize: 12 },
}

const labelStyle = { color: textColor, fontFamily: font, fontSize: 12 }

function render(height: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({ animation: false, textStyle: { fontFamily: font }, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return `${svg}\n`
}

function titleAs(text: string, subtext: string): object {
  return {
    text,
    subtext,
    left: 10,
    textStyle: { color: textColor, fontFamily: font, fontSize: 16 },
    subtextStyle: { color: textColor, fontFamily: font, fontSize: 12 },
  }
}

function axisAs(name: string): object {
  return {
    name,
    nameLocation: 'middle',
    nameGap: 32,
    nameTextStyle: labelStyle,
    axisLine: { lineStyle: { color: lineColor } },
    splitLine: { lineStyle: { color: lineColor } },
    axisLabel: labelStyle,
  }
}

function soundRows({ rows }: Results, measure: string): Row[] {
  return rows.filter((row) => row.measure === measure && row.values.length > 0)
}

function subjectsOf(rows: readonly Row[]): SubjectName[] {
  return [...new Set(rows.map(({ subject }) => subject))]
}

function medianOf(rows: readonly Row[], subject: SubjectName, metric: string): number | undefined {
  const row = rows.find((one) => one.subject === subject && one.metric === metric)
  return row === undefined ? undefined : spreadOf(row.values).median
}

function colorOf(name: SubjectName): string {
  const { kind } = subjects[name]
  if (kind === 'limit') return limitColor
  const colors = kind === 'ours' ? oursColors : rivalColors
  const index = subjectNames.filter((one) => subjects[one].kind === kind).indexOf(name)
  return colors[index % colors.length] ?? limitColor
}

function lineStyleOf(name: SubjectName): object {
  const { kind } = subjects[name]
  return { width: kind === 'ours' ? 3 : 1.5, ...(kind === 'limit' && { type: 'dashed' }) }
}

/** Titles are Markdown; a picture is not. */
function titleOf(name: SubjectName): string {
  return subjects[name].title.replaceAll(/[_`]/g, '')
}

function conditionsOf({ machine, date, commit, rounds }: Results): string {
  return (
    `the enforcement entry, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node.slice(1)}, ` +
    `${date.slice(0, 10)}, ${commit}, median of ${rounds}`
  )
}

/** 1000 → `99.9 %`. */
function percentileLabel(value: number): string {
  return value < 10 ? '' : `${100 - 100 / value} %`
}

function durationLabel(ns: number): string {
  if (ns >= 1e6) return `${ns / 1e6} ms`
  return ns >= 1e3 ? `${ns / 1e3} µs` : `${ns} ns`
}
