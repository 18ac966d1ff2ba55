import { InvalidArgumentError, Option } from 'commander'

function count(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It is a whole number, 1 or more.')
}

/** An option with an integer of at least 1. */
export const number = (flags: string, help: string, byDefault?: number): Option =>
  new Option(flags, help).default(byDefault).argParser(count)
