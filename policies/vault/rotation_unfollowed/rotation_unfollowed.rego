# METADATA
# title: A password changes faster than it is read
# description: >-
#   Until the Secret follows a rotation, new connections need the former password, which some roles have for a while and
#   others not at all. If that is most of the time, no client can connect.
# custom:
#   id: VLT004
#   severity: error
#   owner: security
#   remediation: Rotate less often; the thresholds say how many refreshes there are at least between two rotations.
#   section: Infrastructure Security, 2. Access Control
package vault.rotation_unfollowed

import data.lib.kubernetes
import data.lib.vault
import data.thresholds.vault.least_refreshes_of_a_password
import rego.v1

examined contains reading if {
	some role in vault.static_roles
	some item in kubernetes.objects
	item.kind == "ExternalSecret"
	some entry in item.spec.data
	endswith(entry.remoteRef.key, sprintf("static-creds/%s", [role.name]))
	reading := {"role": role, "secret": item.name, "seconds": object.get(item.spec, "refreshInterval", 0)}
}

followed(reading) if {
	is_number(reading.seconds)
	reading.seconds > 0
	reading.role.data.rotation_period >= reading.seconds * least_refreshes_of_a_password
}

deny contains denial if {
	some reading in examined
	not followed(reading)
	denial := {
		"id": "VLT004",
		"message": sprintf(
			"the password of %s changes too soon for the Secret %s to follow",
			[reading.role.name, reading.secret],
		),
		"path": ["access_control", "secrets", "rotation", "schedule"],
		"file": input.vault.file,
		"pointer": sprintf("%s/rotation_period", [reading.role.pointer]),
	}
}
