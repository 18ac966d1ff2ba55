import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import {
  aggregatorSchema,
  apiSchema,
  readConfig,
  workerSchema,
} from '../../shared/process/config.ts'
import { repository } from '../helpers/processes/processes.ts'

type Node = Record<string, unknown>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null

/** Names of the fields that Kubernetes and KEDA know, where these files use them. */
const fields: Record<string, string> = {
  top: 'apiVersion kind metadata spec',
  metadata: 'name labels annotations namespace',
  Service: 'selector ports type clusterIP',
  Deployment: 'replicas selector template strategy minReadySeconds revisionHistoryLimit',
  StatefulSet:
    'serviceName replicas selector template volumeClaimTemplates podManagementPolicy updateStrategy',
  PodDisruptionBudget: 'maxUnavailable minAvailable selector',
  NetworkPolicy: 'podSelector policyTypes ingress egress',
  ScaledObject:
    'scaleTargetRef minReplicaCount maxReplicaCount pollingInterval cooldownPeriod fallback advanced triggers',
  TriggerAuthentication: 'secretTargetRef',
  pod: 'terminationGracePeriodSeconds automountServiceAccountToken securityContext containers volumes nodeSelector tolerations',
  container:
    'name image command args env envFrom ports startupProbe livenessProbe readinessProbe resources securityContext volumeMounts lifecycle',
  probe: 'exec httpGet tcpSocket periodSeconds timeoutSeconds failureThreshold initialDelaySeconds',
}

const folder = join(repository, 'docs/deploy/kubernetes')
const objects = globSync('*.yaml', { cwd: folder }).flatMap((file) =>
  parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [], file)
    const object: unknown = document.toJS()
    assert.ok(isNode(object), file)
    return object
  }),
)

/** The value at a path of names; fails where it is missing. */
function at(value: unknown, ...path: string[]): unknown {
  let found = value
  for (const name of path) {
    assert.ok(isNode(found) && name in found, `${path.join('.')} is missing`)
    found = found[name]
  }
  return found
}
const nodesAt = (value: unknown, ...path: string[]): Node[] => {
  const found = at(value, ...path)
  assert.ok(Array.isArray(found), path.join('.'))
  return found.filter(isNode)
}
const only = (value: unknown, kind: string): void => {
  assert.ok(isNode(value), kind)
  const known = new Set(fields[kind]?.split(' '))
  assert.deepEqual(
    Object.keys(value).filter((name) => !known.has(name)),
    [],
    `unknown fields of ${kind}`,
  )
}

const ofKind = (kind: string): Node[] => objects.filter((object) => object['kind'] === kind)
const workloads = [...ofKind('Deployment'), ...ofKind('StatefulSet')]
const podOf = (workload: Node): unknown => at(workload, 'spec', 'template', 'spec')
const containers = workloads.flatMap((workload) =>
  nodesAt(podOf(workload), 'containers').map((container) => ({ workload, container })),
)
const labelsOf = (workload: Node): unknown => at(workload, 'spec', 'template', 'metadata', 'labels')
const envOf = (container: Node): Node[] => nodesAt(container, 'env')

const schemas: Record<string, { properties: object }> = {
  'services/api/main.ts': apiSchema,
  'services/aggregator/main.ts': aggregatorSchema,
  'workers/ocr/main.ts': workerSchema,
}
const scriptOf = (container: Node): string => String([at(container, 'command')].flat().at(-1))

test('each object is of a known kind, with known fields', () => {
  const kinds = objects.map(({ kind }) => String(kind)).toSorted()
  assert.deepEqual(kinds, [
    'Deployment',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'ScaledObject',
    'Service',
    'StatefulSet',
    'TriggerAuthentication',
  ])
  for (const object of objects) {
    only(object, 'top')
    only(object['metadata'], 'metadata')
    only(object['spec'], String(object['kind']))
  }
  for (const workload of workloads) only(podOf(workload), 'pod')
  for (const { container } of containers) {
    only(container, 'container')
    for (const name of ['startupProbe', 'livenessProbe']) only(at(container, name), 'probe')
  }
})

test('selectors and references lead to pods of these files', () => {
  const pods = workloads.map(labelsOf)
  for (const workload of workloads) {
    assert.deepEqual(at(workload, 'spec', 'selector', 'matchLabels'), labelsOf(workload))
  }
  const selected = [
    ...ofKind('Service').map((object) => at(object, 'spec', 'selector')),
    ...ofKind('PodDisruptionBudget').map((object) => at(object, 'spec', 'selector', 'matchLabels')),
    ...ofKind('NetworkPolicy').map((object) => at(object, 'spec', 'podSelector', 'matchLabels')),
  ]
  for (const labels of selected) {
    assert.ok(
      pods.some((pod) => JSON.stringify(pod) === JSON.stringify(labels)),
      JSON.stringify(labels),
    )
  }
  const [scaled] = ofKind('ScaledObject')
  const [worker] = ofKind('Deployment')
  assert.equal(at(scaled, 'spec', 'scaleTargetRef', 'name'), at(worker, 'metadata', 'name'))
  assert.ok(!Object.hasOwn(at(worker, 'spec') as object, 'replicas'), 'KEDA sets them')
})

test('each container runs a role with variables that it reads, in their ranges', () => {
  for (const { container } of containers) {
    const script = scriptOf(container)
    assert.ok(existsSync(join(repository, script)), script)
    const schema = schemas[script]
    assert.ok(schema !== undefined, script)
    const given: Record<string, string> = {}
    for (const { name, value } of envOf(container)) {
      assert.ok(String(name) in schema.properties, `${script} does not read ${String(name)}`)
      if (value !== undefined) given[String(name)] = JSON.stringify(value).replaceAll('"', '')
    }
    if (script === 'workers/ocr/main.ts') readConfig(workerSchema, given)
    else if (script === 'services/api/main.ts') readConfig(apiSchema, given)
    else readConfig(aggregatorSchema, given)
  }
})

test('a container is given longer to stop than it takes to drain', () => {
  for (const { workload, container } of containers) {
    const grace = Number(at(podOf(workload), 'terminationGracePeriodSeconds'))
    const named = envOf(container).find(({ name }) => name === 'SCRIPTORIUM_DRAIN_MS')
    const drainMs = Number(named?.['value'] ?? readConfig(workerSchema, {}).SCRIPTORIUM_DRAIN_MS)
    assert.ok(grace * 1_000 > drainMs, `${grace} s, ${drainMs} ms`)
  }
})

test('containers run without privileges, with limits, and every mount has its volume', () => {
  for (const { workload, container } of containers) {
    assert.equal(at(podOf(workload), 'securityContext', 'runAsNonRoot'), true)
    assert.equal(at(container, 'securityContext', 'readOnlyRootFilesystem'), true)
    assert.deepEqual(at(container, 'securityContext', 'capabilities', 'drop'), ['ALL'])
    assert.ok(at(container, 'resources', 'limits', 'memory'))
    const spec = at(workload, 'spec')
    const claims =
      isNode(spec) && 'volumeClaimTemplates' in spec ? spec['volumeClaimTemplates'] : []
    assert.ok(Array.isArray(claims))
    const volumes = [
      ...nodesAt(podOf(workload), 'volumes').map(({ name }) => name),
      ...claims.map((claim) => at(claim, 'metadata', 'name')),
    ]
    for (const { name } of nodesAt(container, 'volumeMounts')) assert.ok(volumes.includes(name))
  }
})

test('the scaler asks for a figure that the API gives', () => {
  const [scaled] = ofKind('ScaledObject')
  const [trigger] = nodesAt(scaled, 'spec', 'triggers')
  const [service] = ofKind('Service')
  const url = new URL(String(at(trigger, 'metadata', 'url')))
  assert.equal(url.hostname, at(service, 'metadata', 'name'))
  assert.equal(Number(url.port), nodesAt(service, 'spec', 'ports')[0]?.['port'])
  const openapi: unknown = JSON.parse(readFileSync(join(repository, 'docs/openapi.json'), 'utf8'))
  const text = JSON.stringify(at(openapi, 'paths', url.pathname, 'get'))
  const field = String(at(trigger, 'metadata', 'valueLocation'))
  const named = /#\/components\/schemas\/(\w+)/.exec(text)?.[1]
  const schema =
    named === undefined ? text : JSON.stringify(at(openapi, 'components', 'schemas', named))
  assert.match(schema, new RegExp(`"${field}"`))
})
