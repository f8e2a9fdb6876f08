# METADATA
# title: A pod needs an object that is not rendered
# description: >-
#   A pod whose ConfigMap or ServiceAccount does not exist waits for it for ever, without a word in its own log.
# custom:
#   id: K8S016
#   severity: error
#   owner: platform
#   remediation: Render the object in the pod's namespace, or refer to one that is.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.reference_absent

import data.lib.kubernetes
import rego.v1

examined contains reference if {
	some pod in kubernetes.pods
	name := object.get(pod.spec, "serviceAccountName", "default")
	name != "default"
	reference := {"pod": pod, "kind": "ServiceAccount", "name": name, "at": "serviceAccountName"}
}

examined contains reference if {
	some pod in kubernetes.pods
	some index, volume in object.get(pod.spec, "volumes", [])
	name := volume.configMap.name
	reference := {"pod": pod, "kind": "ConfigMap", "name": name, "at": sprintf("volumes/%d/configMap/name", [index])}
}

rendered(reference) if {
	some item in kubernetes.of(reference.kind, reference.pod.namespace)
	item.name == reference.name
}

deny contains denial if {
	some reference in examined
	not rendered(reference)
	denial := {
		"id": "K8S016",
		"message": sprintf(
			"the pods of the %s %s need the %s %s, which is not rendered",
			[reference.pod.kind, reference.pod.name, reference.kind, reference.name],
		),
		"path": ["orchestration", "platform"],
		"file": reference.pod.file,
		"pointer": sprintf("%s/%s", [reference.pod.pointer, reference.at]),
	}
}
