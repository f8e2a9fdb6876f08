# METADATA
# title: Settings change under the pods that mount them
# description: >-
#   Pods of two releases run side by side during a roll-out. Where both mount one ConfigMap, a container of the release before
#   that starts anew reads settings which it may not know, and ends; a node that drains meanwhile takes its pods for good.
# custom:
#   id: K8S050
#   severity: error
#   owner: platform
#   remediation: Name the ConfigMap by its content and make it immutable. Certificates, which are read again, may change in place.
#   section: Deployment Configuration, 2. Orchestration
package kubernetes.settings_change_under_pods

import data.lib.kubernetes
import rego.v1

rolled := {"Deployment", "StatefulSet", "DaemonSet"}

pods := {pod | some pod in kubernetes.pods; pod.kind in rolled}

mounted contains mount if {
	some pod in pods
	some index, volume in object.get(pod.spec, "volumes", [])
	name := volume.configMap.name
	mount := object.union(whose(pod), {"map": name, "at": sprintf("volumes/%d/configMap/name", [index])})
}

mounted contains mount if {
	some pod in pods
	some index, volume in object.get(pod.spec, "volumes", [])
	some number, source in volume.projected.sources
	name := source.configMap.name
	at := sprintf("volumes/%d/projected/sources/%d/configMap/name", [index, number])
	mount := object.union(whose(pod), {"map": name, "at": at})
}

whose(pod) := object.remove(pod, ["labels", "spec"])

# maps holds the ConfigMaps of each namespace, by their names, and whether pods keep what each holds.
maps[namespace] contains held if {
	some document in input.documents
	object := document.object
	object.kind == "ConfigMap"
	namespace := object.metadata.namespace
	held := {"name": object.metadata.name, "kept": count({true | kept(object)}) == 1}
}

examined contains use if {
	some mount in mounted
	some held in maps[mount.namespace]
	held.name == mount.map
	use := {"mount": mount, "kept": held.kept}
}

kept(object) if object.immutable == true

kept(object) if {
	every file, _ in object.data {
		endswith(file, ".crt")
	}
}

deny contains denial if {
	some use in examined
	use.kept == false
	mount := use.mount
	denial := {
		"id": "K8S050",
		"message": sprintf(
			"the pods of the %s %s mount the ConfigMap %s, which changes under those of the release before",
			[mount.kind, mount.name, mount.map],
		),
		"path": ["orchestration", "platform"],
		"file": mount.file,
		"pointer": sprintf("%s/%s", [mount.pointer, mount.at]),
	}
}
