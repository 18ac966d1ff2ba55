import {
  allCommands,
  quoted,
  spellings,
  type DescribedCommand,
  type DescribedOption,
} from './describe.ts'

const functionOf = (program: string, { path }: DescribedCommand): string =>
  ['', program, ...path].join('_')

/** Within a specification of `_arguments`, brackets and colons have a meaning. */
const plain = (text: string): string => text.replaceAll(/[[\]:\\]/g, '\\$&')

const valueOf = (choices: readonly string[]): string =>
  choices.length > 0 ? `:value:(${choices.join(' ')})` : ':value:_files'

/** `'(-o --out)'{-o,--out}'[output folder]:value:_files'`; an option may be repeated. */
function optionSpec(option: DescribedOption): string {
  const names = spellings(option)
  const rest = quoted(`[${plain(option.about)}]${option.takesValue ? valueOf(option.choices) : ''}`)
  return names.length > 1 ? `'*'{${names.join(',')}}${rest}` : `'*'${names[0] ?? ''}${rest}`
}

function completeCommand(program: string, command: DescribedCommand): string {
  const { options, commands } = command
  const specs = options.map(optionSpec)
  if (commands.length === 0) {
    specs.push(quoted(`*${command.choices.length > 0 ? valueOf(command.choices) : ':file:_files'}`))
    return `${functionOf(program, command)}() {\n  _arguments -s \\\n    ${specs.join(' \\\n    ')}\n}`
  }
  const items = commands.map(({ name, about }) => quoted(`${name}:${about.replaceAll(':', '\\:')}`))
  const cases = commands.map((each) => `    ${each.name}) ${functionOf(program, each)} ;;`)
  return `${functionOf(program, command)}() {
  local state line
  local -a commands=(
    ${items.join('\n    ')}
  )
  _arguments -s -C \\
    ${specs.join(' \\\n    ')} \\
    '1:command:->command' '*::argument:->argument'
  case $state in
  command) _describe command commands ;;
  argument)
    case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}`
}

/** A completion script for zsh: sourced, or saved in its `fpath` as `_scriptorium`. */
export function zshScript(program: DescribedCommand): string {
  const { name } = program
  return `#compdef ${name}
# zsh completion for ${name}. Use: source <(${name} completion zsh)
${allCommands(program)
  .map((command) => completeCommand(name, command))
  .join('\n')}
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`
}
