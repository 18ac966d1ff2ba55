import { isNode, mapNodes, type Node } from './components.ts'

/**
 * Moves of each error status the response that most operations have to `components.responses`, `Problem404` and so on:
 * repeated in each operation they are four fifths of the document.
 */
export function shareResponses(paths: Node): { paths: Node; responses: Node } {
  const counts = new Map<string, Map<string, number>>()
  eachResponse(paths, (response, status) => {
    const ofStatus = counts.get(status) ?? new Map<string, number>()
    const text = JSON.stringify(response)
    counts.set(status, ofStatus.set(text, (ofStatus.get(text) ?? 0) + 1))
    return response
  })
  const responses: Node = {}
  const shared = eachResponse(paths, (response, status) => {
    const [commonest] = [...(counts.get(status) ?? [])].toSorted(([, a], [, b]) => b - a)
    const [text, count] = commonest ?? ['', 0]
    if (count < 2 || text !== JSON.stringify(response)) return response
    const name = `Problem${status}`
    responses[name] = response
    return { $ref: `#/components/responses/${name}` }
  })
  const sorted = Object.entries(responses).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return { paths: shared, responses: Object.fromEntries(sorted) }
}

const eachResponse = (paths: Node, change: (response: Node, status: string) => Node): Node =>
  mapNodes(paths, (path) =>
    mapNodes(path, ({ responses, ...operation }) => ({
      ...operation,
      responses: mapNodes(isNode(responses) ? responses : {}, (response, status) =>
        Number(status) < 400 ? response : change(response, status),
      ),
    })),
  )
