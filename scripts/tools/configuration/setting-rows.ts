import { KindGuard, type TObject } from '@sinclair/typebox'
import {
  aggregatorSchema,
  apiSchema,
  fleetSchema,
  workerSchema,
} from '../../../shared/process/config.ts'

/** One environment variable as its schema declares it. */
export interface SettingRow {
  name: string
  description: string
  /** Empty without one. */
  default: string
  /** Of a number; empty otherwise. */
  unit: string
  /** Smallest and largest value of a number; empty otherwise. */
  range: string
}

interface Schema {
  description?: string
  default?: string | number
  unit?: string
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
}

function rowsOf(schema: TObject): SettingRow[] {
  return Object.entries(schema.properties).map(([name, property]) => {
    const isNumber = KindGuard.IsInteger(property) || KindGuard.IsNumber(property)
    const declared: Schema = property
    return {
      name,
      description: declared.description ?? '',
      default: String(declared.default ?? ''),
      unit: declared.unit ?? '',
      range: isNumber ? rangeOf(declared) : '',
    }
  })
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  if (exclusiveMinimum !== undefined) return `> ${exclusiveMinimum}`
  return maximum === undefined ? `≥ ${minimum ?? 0}` : `${minimum ?? 0} to ${maximum}`
}

/** The settings of each role, those of every role first and once. */
export function settingRows(): ReadonlyMap<string, SettingRow[]> {
  const roles = Object.entries({
    API: apiSchema,
    Aggregator: aggregatorSchema,
    Worker: workerSchema,
    Fleet: fleetSchema,
  }).map(([title, schema]) => [title, rowsOf(schema)] as const)
  const isCommon = ({ name }: SettingRow): boolean =>
    roles.every(([, rows]) => rows.some((row) => row.name === name))
  const common = rowsOf(fleetSchema).filter(isCommon)
  const own = roles.map(([title, rows]) => [title, rows.filter((row) => !isCommon(row))] as const)
  return new Map([['Every role', common], ...own])
}
