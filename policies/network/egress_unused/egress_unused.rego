# METADATA
# title: Pods reach a service that they do not call
# description: >-
#   A way that nobody uses is one for whoever breaks into the pod: to the API server without a token of the cluster, or
#   to a server whose address stands nowhere in the pod's settings.
# custom:
#   id: NET016
#   severity: error
#   owner: security
#   remediation: Take the flow away from the component, or give its pods what they call the service with.
#   section: Infrastructure Security, 1. Network Security
package network.egress_unused

import data.lib.addresses
import data.lib.kubernetes
import data.lib.network
import rego.v1

# What a pod that calls a service is told, by the purpose of the service's ranges.
called := {
	"identity_provider": {input.environment.sign_in.issuer},
	"object_store": stores,
	"vault": {input.cluster.vault.address},
}

stores contains input.cluster.backups.location

# A bucket is named in the address of its server.
stores contains bucket if {
	anchors := input.cluster.anchors
	is_object(anchors)
	bucket := split(trim_prefix(anchors.location, "s3://"), "/")[0]
}

# Operators decide what their own pods call: only workloads that are rendered here are judged.
workloads := {"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "StatefulSet"}

# purposes holds those of each range that somebody calls a service at.
purposes[address] contains purpose if {
	some range in addresses.ranges
	purpose := range.purpose
	purpose in object.keys(called) | {"kubernetes_api"}
	address := range.address
}

# openings holds, by its namespace, each way of a policy to such a range.
openings[namespace] contains opening if {
	some policy in network.policies
	namespace := policy.namespace
	some number, rule in object.get(policy.spec, "egress", [])
	some index, peer in object.get(rule, "to", [])
	address := peer.ipBlock.cidr
	some purpose in purposes[address]
	opening := {
		"policy": policy.file,
		"selector": policy.spec.podSelector,
		"purpose": purpose,
		"pointer": sprintf("/spec/egress/%d/to/%d", [number, index]),
	}
}

examined contains way if {
	some pod in callers
	some opening in openings[pod.namespace]
	network.selects(opening.selector, pod.labels)
	way := {
		"pod": pod,
		"purpose": opening.purpose,
		"policy": opening.policy,
		"pointer": opening.pointer,
	}
}

callers contains caller if {
	some pod in kubernetes.pods
	pod.kind in workloads
	caller := object.remove(pod, ["spec", "pointer"])
}

used(way) if {
	way.purpose == "kubernetes_api"
	way.pod.file in tokens
}

used(way) if {
	some text in told[way.pod.file]
	some service in called[way.purpose]
	contains(text, service)
}

# tokens holds the files of pods that have a token of the cluster.
tokens contains file if {
	some pod in kubernetes.pods
	file := pod.file
	some volume in pod.spec.volumes
	some source in volume.projected.sources
	is_object(source.serviceAccountToken)
}

tokens contains file if {
	some pod in kubernetes.pods
	pod.spec.automountServiceAccountToken == true
	file := pod.file
}

# told holds the texts of each pod that calls a service, as one, and those of the ConfigMaps that it mounts, by its file.
told[file] contains text if {
	some pod in kubernetes.pods
	file := pod.file
	file in calling
	text := sprintf("%v", [pod.spec])
}

told[file] contains text if {
	some pod in kubernetes.pods
	file := pod.file
	file in calling
	some volume in object.get(pod.spec, "volumes", [])
	name := volume.configMap.name
	some document in input.documents
	document.object.kind == "ConfigMap"
	document.object.metadata.name == name
	document.object.metadata.namespace == pod.namespace
	some text in document.object.data
}

calling contains file if {
	some way in examined
	way.purpose != "kubernetes_api"
	file := way.pod.file
}

deny contains denial if {
	some way in examined
	not used(way)
	denial := {
		"id": "NET016",
		"message": sprintf(
			"the pods of the %s %s reach %s, and have nothing to call it with",
			[way.pod.kind, way.pod.name, way.purpose],
		),
		"path": ["network", "segmentation", "traffic", "egress"],
		"file": way.policy,
		"pointer": way.pointer,
	}
}
