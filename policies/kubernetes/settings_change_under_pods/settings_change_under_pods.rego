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
	mount := {"pod": pod, "name": name, "at": sprintf("volumes/%d/configMap/name", [index])}
}

mounted contains mount if {
	some pod in pods
	some index, volume in object.get(pod.spec, "volumes", [])
	some number, source in volume.projected.sources
	name := source.configMap.name
	mount := {"pod": pod, "name": name, "at": sprintf("volumes/%d/projected/sources/%d/configMap/name", [index, number])}
}

# maps holds the ConfigMaps by their namespaces and names.
maps[at] contains object if {
	some document in input.documents
	object := document.object
	object.kind == "ConfigMap"
	at := sprintf("%s/%s", [object.metadata.namespace, object.metadata.name])
}

examined contains held if {
	some mount in mounted
	some object in maps[sprintf("%s/%s", [mount.pod.namespace, mount.name])]
	held := {"mount": mount, "object": object}
}

kept(object) if object.immutable == true

kept(object) if {
	every file, _ in object.data {
		endswith(file, ".crt")
	}
}

deny contains denial if {
	some held in examined
	object := held.object
	not kept(object)
	mount := held.mount
	denial := {
		"id": "K8S050",
		"message": sprintf(
			"the pods of the %s %s mount the ConfigMap %s, which changes under those of the release before",
			[mount.pod.kind, mount.pod.name, mount.name],
		),
		"path": ["orchestration", "platform"],
		"file": mount.pod.file,
		"pointer": sprintf("%s/%s", [mount.pod.pointer, mount.at]),
	}
}
