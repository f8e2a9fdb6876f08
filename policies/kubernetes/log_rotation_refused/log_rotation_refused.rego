# METADATA
# title: A kubelet does not start with the rotation of logs that is stated
# description: >-
#   The kubelet ends with an error where it may keep fewer than two files of a container's log. AKS states their size in whole
#   megabytes, and takes none for nothing.
# custom:
#   id: K8S051
#   severity: error
#   owner: platform
#   remediation: Keep two files or more, of 1 MB or more each.
#   section: Deployment Configuration, 1. Container Configuration
package kubernetes.log_rotation_refused

import rego.v1

least := {"max_file": 2, "max_size": 1024 * 1024}

words := {"max_file": "one file of a log cannot be rotated", "max_size": "a log of less than 1 MB cannot be stated"}

examined contains option if {
	some name, bound in least
	value := input.spec.containers.application.logging.options[name]
	path := ["containers", "application", "logging", "options", name]
	option := {"name": name, "path": path, "value": value, "least": bound}
}

deny contains denial if {
	some option in examined
	option.value < option.least
	denial := {
		"id": "K8S051",
		"message": words[option.name],
		"path": option.path,
		"places": [option.path],
	}
}
