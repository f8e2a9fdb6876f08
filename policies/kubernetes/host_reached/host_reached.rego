# METADATA
# title: A pod shares the network, the processes or the files of its node
# description: >-
#   Every pod on a node shares its network, processes and files. A pod that uses them reads its neighbours' secrets,
#   and network policies do not hold for it.
# custom:
#   id: K8S030
#   severity: error
#   owner: security
#   remediation: Remove hostNetwork, hostPID, hostIPC, hostPath volumes and host ports.
#   section: Deployment Configuration, 1. Container Configuration
#   waivable: false
package kubernetes.host_reached

import data.lib.kubernetes
import rego.v1

examined contains pod if some pod in kubernetes.pods

shared(pod) := {field |
	some field in ["hostIPC", "hostNetwork", "hostPID"]
	object.get(pod.spec, field, false) != false
}

mounted(pod) := {way |
	some index, volume in object.get(pod.spec, "volumes", [])
	"hostPath" in object.keys(volume)
	way := sprintf("volumes/%d", [index])
}

opened(pod) := {way |
	some list in ["initContainers", "containers"]
	some index, container in object.get(pod.spec, list, [])
	some port in object.get(container, "ports", [])
	object.get(port, "hostPort", 0) != 0
	way := sprintf("%s/%d/ports", [list, index])
}

deny contains denial if {
	some pod in examined
	some way in (shared(pod) | mounted(pod)) | opened(pod)
	denial := {
		"id": "K8S030",
		"message": sprintf("the pods of the %s %s reach their node through %s", [pod.kind, pod.name, way]),
		"path": ["orchestration", "platform"],
		"file": pod.file,
		"pointer": sprintf("%s/%s", [pod.pointer, way]),
	}
}
