import type { Command } from 'commander'

/** An option as a shell completes it. */
export interface DescribedOption {
  short: string | undefined
  long: string | undefined
  about: string
  takesValue: boolean
  /** Empty where a file or any text may follow. */
  choices: readonly string[]
}

/** A command as a shell completes it. */
export interface DescribedCommand {
  name: string
  /** The names from the program down, without the program: `languages add`. */
  path: readonly string[]
  about: string
  options: readonly DescribedOption[]
  commands: readonly DescribedCommand[]
  /** Values of its first argument; empty where files or any text are. */
  choices: readonly string[]
}

/** Describes a program of commander's with everything that its help shows. */
export function describeCommand(command: Command, path: readonly string[] = []): DescribedCommand {
  const help = command.createHelp()
  const names = help.visibleCommands(command)
  return {
    name: command.name(),
    path,
    about: command.summary() || command.description(),
    options: help.visibleOptions(command).map((option) => ({
      short: option.short,
      long: option.long,
      about: option.description.replace(/ \(env: \w+\)$/, ''),
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
    commands: names.map((each) => describeCommand(each, [...path, each.name()])),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  }
}

/** The command and all below it. */
export const allCommands = (command: DescribedCommand): DescribedCommand[] => [
  command,
  ...command.commands.flatMap(allCommands),
]

/** The ways to write an option. */
export const spellings = ({ short, long }: DescribedOption): string[] =>
  [short, long].filter((name) => name !== undefined)

/** A word that a POSIX shell, zsh or fish reads as this text. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
