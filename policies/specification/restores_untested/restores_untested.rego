# METADATA
# title: Restoring the backups is tested too seldom
# description: >-
#   A backup that was never restored may be unusable. Many a long outage began with backups of which none worked.
# custom:
#   id: CON028
#   severity: error
#   owner: data
#   remediation: Test the backups at least monthly in production and quarterly elsewhere.
#   section: Disaster Recovery, 1. Backup Strategy
package specification.restores_untested

import data.schedules
import data.thresholds.longest_between_restores_seconds
import rego.v1

examined contains input.spec.backup.database.testing

deny contains denial if {
	some testing in examined
	period := schedules.seconds[testing.schedule]
	period > longest_between_restores_seconds[input.environment.stage]
	denial := {
		"id": "CON028",
		"message": sprintf("%s is too seldom to test the backups of %s", [testing.schedule, input.environment.stage]),
		"path": ["backup", "database", "testing", "schedule"],
		"places": [["backup", "database", "testing", "schedule"]],
		"given": [["environment", "stage"]],
	}
}
