# METADATA
# title: A version is about to lose its support
# description: >-
#   A hole that is found after the end of support is mended in later versions alone, and the way there is longest in the
#   hour of need. The day for which a compilation judges (--as-of) decides how many days are left.
# custom:
#   id: DEP027
#   severity: warning
#   owner: platform
#   remediation: >-
#     Upgrade, and write the later version: of Kubernetes in the cluster's statement, of an operator in
#     compiler/emit/providers.py.
#   section: Deployment Configuration, 2. Orchestration
package environment.support_ends

import data.thresholds.least_support_days
import rego.v1

examined contains version if some version in input.versions

deny contains denial if {
	some version in examined
	version.days_left < least_support_days
	denial := {
		"id": "DEP027",
		"message": sprintf("%s %s is mended until %s", [version.name, version.version, version.supported_until]),
		"path": version.path,
	}
}
