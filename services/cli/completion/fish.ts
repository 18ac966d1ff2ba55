import { allCommands, type DescribedCommand, type DescribedOption } from './describe.ts'

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", `\\'`)}'`

/** True if the line contains this command's words, and none of a command below it. */
function conditionOf({ path, commands }: DescribedCommand): string {
  if (path.length === 0) return '__fish_use_subcommand'
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`)
  if (commands.length > 0)
    seen.push(`not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`)
  return seen.join('; and ')
}

function optionWords({ short, long, about, takesValue, choices }: DescribedOption): string {
  const words: string[] = []
  if (short !== undefined) words.push(`-s ${short.replace(/^-+/, '')}`)
  if (long !== undefined) words.push(`-l ${long.replace(/^-+/, '')}`)
  if (choices.length > 0) words.push(`-x -a ${quoted(choices.join(' '))}`)
  else if (takesValue) words.push('-r -F')
  return [...words, `-d ${quoted(about)}`].join(' ')
}

function completeCommand(program: string, command: DescribedCommand): string[] {
  const start = `complete -c ${program} -n ${quoted(conditionOf(command))}`
  return [
    ...command.commands.map(({ name, about }) => `${start} -f -a ${name} -d ${quoted(about)}`),
    ...(command.choices.length > 0 ? [`${start} -f -a ${quoted(command.choices.join(' '))}`] : []),
    ...command.options.map((option) => `${start} ${optionWords(option)}`),
  ]
}

/** A completion script for fish. */
export function fishScript(program: DescribedCommand): string {
  const { name } = program
  return `# fish completion for ${name}. Use: ${name} completion fish | source
${allCommands(program)
  .flatMap((command) => completeCommand(name, command))
  .join('\n')}
`
}
