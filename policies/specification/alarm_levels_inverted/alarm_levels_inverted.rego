# METADATA
# title: A warning level is not below the critical level
# description: >-
#   A warning gives time to act before the critical level. At or above that level it never comes first, and the
#   first sign of trouble is the page at night.
# custom:
#   id: CON009
#   severity: error
#   owner: reliability
#   remediation: Set warning below critical.
#   section: Resource Management, 3. Resource Limits
package specification.alarm_levels_inverted

import rego.v1

examined contains levels if {
	some resource, limits in input.spec.limits
	levels := {
		"path": ["limits", resource, "monitoring", "warning"],
		"other": ["limits", resource, "monitoring", "critical"],
		"warning": limits.monitoring.warning,
		"critical": limits.monitoring.critical,
	}
}

deny contains denial if {
	some levels in examined
	levels.warning >= levels.critical
	denial := {
		"id": "CON009",
		"message": sprintf(
			"%s is %d%%, which is not below critical (%d%%)",
			[concat(".", levels.path), levels.warning, levels.critical],
		),
		"path": levels.path,
		"places": [levels.path, levels.other],
	}
}
