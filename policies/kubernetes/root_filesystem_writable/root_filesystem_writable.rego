# METADATA
# title: A container can write to its own image
# description: >-
#   An intruder who can write to the folders of programs stays until the pod is replaced. A process writes to a
#   volume.
# custom:
#   id: K8S006
#   severity: error
#   owner: security
#   remediation: Set readOnlyRootFilesystem to true, and mount a volume where the process writes.
#   section: Infrastructure Security, 2. Access Control
package kubernetes.root_filesystem_writable

import data.lib.kubernetes
import rego.v1

examined contains container if some container in kubernetes.containers

deny contains denial if {
	some container in examined
	object.get(container.fields, ["securityContext", "readOnlyRootFilesystem"], false) != true
	denial := {
		"id": "K8S006",
		"message": sprintf("the root filesystem of the container %s is writable", [container.name]),
		"path": container.path,
		"file": container.file,
		"pointer": kubernetes.at(container, "securityContext"),
	}
}
