import { maxOptionsBytes } from '../intake/uploads/multipart.ts'
import { isNode, mapNodes, type Node } from './components.ts'

/** Binary bodies have no schema that a validator could use: they are described here. */
const file = { type: 'string', format: 'binary' }
const fileContent = {
  'multipart/form-data': {
    schema: {
      title: 'UploadForm',
      type: 'object',
      description: 'One or more files and their options.',
      properties: {
        files: {
          type: 'array',
          items: { ...file, description: 'Image or PDF.' },
          minItems: 1,
          maxItems: 1_000,
          description: 'Images and PDFs.',
        },
        options: {
          type: 'string',
          description: 'Options as JSON, in the form of `UploadOptions`.',
          maxLength: maxOptionsBytes,
          examples: ['{"recipe": {"languages": ["eng"]}}'],
        },
      },
      required: ['files'],
    },
  },
  'application/octet-stream': { schema: { ...file, description: 'One image or PDF.' } },
  'application/pdf': { schema: { ...file, description: 'One PDF.' } },
  'image/*': { schema: { ...file, description: 'One image.' } },
}

/**
 * Adds to each operation the parts that fastify's schemas cannot express: problem responses, and bodies that are files.
 */
export const completeOperations = (paths: unknown): Node =>
  mapNodes(paths, (path, url) =>
    mapNodes(path, ({ 'x-problems': problems, ...operation }, method) => {
      const { parameters, requestBody, responses } = operation
      const takesFiles = url === '/v1/documents' && method === 'post'
      return {
        ...operation,
        ...(Array.isArray(parameters) && { parameters: parameters.map(toParameter) }),
        ...(isNode(requestBody) && takesFiles && { requestBody: withFiles(requestBody) }),
        responses: merge(responses, problems),
      }
    }),
  )

/** The page at /docs fills in a parameter's `example`: only those that a request needs keep theirs. */
function toParameter(parameter: unknown): unknown {
  if (!isNode(parameter)) return parameter
  const { example, schema, ...others } = parameter
  if (others['required'] === true || example === undefined || !isNode(schema)) return parameter
  return { ...others, schema: { ...schema, examples: [example] } }
}

function withFiles(body: Node): Node {
  return {
    ...body,
    description: 'Files, one file, or the location of one file.',
    content: { ...fileContent, ...contentOf(body) },
  }
}

/** A status may have a problem beside its own response. */
function merge(responses: unknown, problems: unknown): Node {
  const all = isNode(responses) ? responses : {}
  const added = mapNodes(problems, (problem, status) => {
    const own = all[status]
    if (!isNode(own)) return problem
    return {
      ...problem,
      ...own,
      description: `${String(own['description'])}\n${String(problem['description'])}`,
      content: { ...contentOf(own), ...contentOf(problem) },
    }
  })
  return { ...all, ...added }
}

const contentOf = ({ content }: Node): Node => (isNode(content) ? content : {})
