import {
  bytesField,
  readFields,
  toNumber,
  varintField,
  wires,
  writeFields,
  type Field,
} from './protobuf.ts'

/** Numbers of the fields that are read here: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. */
const modelGraph = 7
const graphNode = 1
const nodeFields = { input: 1, output: 2, op: 4, attribute: 5 } as const
const attributeFields = { name: 1, float: 2, tensor: 5, ints: 8, type: 20 } as const
const attributeTypes = { float: 1, tensor: 4 } as const
const tensorFields = { type: 2, raw: 9 } as const
const float32 = 1

/** An operation of a network. */
export interface GraphNode {
  op: string
  inputs: string[]
  outputs: string[]
  /** Its attributes and everything else. */
  rest: Field[]
}

const textOf = ({ value }: Field): string => Buffer.from(value).toString()
const isNumbered = (number: number) => (field: Field) => field.number === number

function toNode(field: Field): GraphNode {
  const fields = readFields(field.value)
  const of = (number: number): string[] => fields.filter(isNumbered(number)).map(textOf)
  const own: readonly number[] = [nodeFields.input, nodeFields.output, nodeFields.op]
  return {
    op: of(nodeFields.op)[0] ?? '',
    inputs: of(nodeFields.input),
    outputs: of(nodeFields.output),
    rest: fields.filter(({ number }) => !own.includes(number)),
  }
}

const fromNode = ({ op, inputs, outputs, rest }: GraphNode): Field =>
  bytesField(
    graphNode,
    writeFields([
      ...inputs.map((name) => bytesField(nodeFields.input, name)),
      ...outputs.map((name) => bytesField(nodeFields.output, name)),
      bytesField(nodeFields.op, op),
      ...rest,
    ]),
  )

const attributeOf = ({ rest }: GraphNode, name: string): Field[] =>
  rest
    .filter(isNumbered(nodeFields.attribute))
    .map(({ value }) => readFields(value))
    .find((fields) => fields.some((field) => field.number === 1 && textOf(field) === name)) ?? []

/** The whole numbers of an attribute, empty where it has none. */
export const intsOf = (node: GraphNode, name: string): number[] =>
  attributeOf(node, name)
    .filter(isNumbered(attributeFields.ints))
    .flatMap(({ wire, value }) => (wire === wires.varint ? [toNumber(value)] : [...value]))

export function floatAttribute(name: string, value: number): Field {
  const bytes = new Uint8Array(Float32Array.of(value).buffer)
  const fields = [
    bytesField(attributeFields.name, name),
    { number: attributeFields.float, wire: wires.fixed32, value: bytes },
    varintField(attributeFields.type, attributeTypes.float),
  ]
  return bytesField(nodeFields.attribute, writeFields(fields))
}

/** The values of a node that is a constant of 32-bit numbers. */
function valuesOf(node: GraphNode): Float32Array | undefined {
  const tensor = attributeOf(node, 'value').find(isNumbered(attributeFields.tensor))
  const fields = tensor === undefined ? [] : readFields(tensor.value)
  const type = fields.find(isNumbered(tensorFields.type))
  const raw = fields.find(isNumbered(tensorFields.raw))
  if (type === undefined || raw === undefined || toNumber(type.value) !== float32) return undefined
  return new Float32Array(Uint8Array.from(raw.value).buffer)
}

function setValues(node: GraphNode, values: Float32Array): void {
  const tensor = attributeOf(node, 'value').find(isNumbered(attributeFields.tensor))
  const raw = bytesField(tensorFields.raw, new Uint8Array(values.buffer))
  const fields = readFields(tensor?.value ?? new Uint8Array()).map((field) =>
    field.number === tensorFields.raw ? raw : field,
  )
  const attribute = [
    bytesField(attributeFields.name, 'value'),
    bytesField(attributeFields.tensor, writeFields(fields)),
    varintField(attributeFields.type, attributeTypes.tensor),
  ]
  node.rest = [
    ...node.rest.filter(({ number }) => number !== nodeFields.attribute),
    bytesField(nodeFields.attribute, writeFields(attribute)),
  ]
}

/** Opens an ONNX file's network to be changed. Little-endian machines only, as everywhere. */
export function openGraph(file: Uint8Array) {
  const model = readFields(file)
  const graph = readFields(model.find(isNumbered(modelGraph))?.value ?? new Uint8Array())
  const nodes = graph.filter(isNumbered(graphNode)).map(toNode)
  const users = new Map<string, GraphNode[]>()
  for (const node of nodes)
    for (const input of node.inputs) users.set(input, [...(users.get(input) ?? []), node])
  const constants = new Map<string, { node: GraphNode; values: Float32Array }>()
  for (const node of nodes) {
    const values = node.op === 'Constant' ? valuesOf(node) : undefined
    const [name] = node.outputs
    if (values !== undefined && name !== undefined) constants.set(name, { node, values })
  }
  const removed = new Set<GraphNode>()
  return {
    nodes,
    usersOf: (name: string): readonly GraphNode[] => users.get(name) ?? [],
    constant: (name: string | undefined): Float32Array | undefined =>
      name === undefined ? undefined : constants.get(name)?.values,
    setConstant(name: string, values: Float32Array): void {
      const found = constants.get(name)
      if (found === undefined) return
      found.values = values
      setValues(found.node, values)
    },
    remove: (...gone: readonly GraphNode[]): void => gone.forEach((node) => void removed.add(node)),
    keep: (node: GraphNode): void => void removed.delete(node),
    /** The file with the changed nodes. */
    save(): Uint8Array {
      const kept = nodes.filter((node) => !removed.has(node)).map(fromNode)
      const others = graph.filter(({ number }) => number !== graphNode)
      const changed = bytesField(modelGraph, writeFields([...kept, ...others]))
      return writeFields(model.map((field) => (field.number === modelGraph ? changed : field)))
    },
  }
}

export type Graph = ReturnType<typeof openGraph>
