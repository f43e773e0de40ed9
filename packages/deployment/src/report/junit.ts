import type { DeploymentReport, ExpectationReport } from './deployment-report.ts'
import { xmlText } from './xml-text.ts'

/**
 * The report as JUnit XML, as Jenkins, GitLab and others take it: a `testsuite` for the deployment, a `testcase` an
 * expectation, one more for the account of all packets.
 *
 * @see https://github.com/testmoapp/junitxml
 */
export function deploymentJunit(report: DeploymentReport): string {
  const { name, file, expectations, interrupted, wall } = report
  const failures = expectations.filter(({ passed }) => !passed).length
  const tests = expectations.length + 1
  const counts = `tests="${tests}" failures="${failures}" errors="${interrupted ? 1 : 0}" skipped="0" time="${wall.seconds.toFixed(3)}"`
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${xmlText(name)}" ${counts}>
  <testsuite name="${xmlText(name)}" file="${xmlText(file)}" ${counts}>
${[accounted(report), ...expectations.map((expectation) => testcase(expectation, file))].join('\n')}
  </testsuite>
</testsuites>
`
}

/** A run that gave a report at all has accounted for every packet; one that was stopped may have missed what comes. */
function accounted({ file, interrupted, packets }: DeploymentReport): string {
  const open = `    <testcase classname="${xmlText(file)}" name="every packet has one fate (${packets.sent} sent)" file="${xmlText(file)}"`
  if (!interrupted) return `${open}/>`
  return `${open}><error message="stopped before the end"/></testcase>`
}

function testcase({ name, check, passed, expected, got, line }: ExpectationReport, file: string): string {
  const open = `    <testcase classname="${xmlText(file)}" name="${xmlText(name)}" file="${xmlText(file)}" line="${line}"`
  if (passed) return `${open}/>`
  const message = xmlText(`expected ${expected}, got ${got}`)
  return `${open}><failure type="${xmlText(check)}" message="${message}"/></testcase>`
}
